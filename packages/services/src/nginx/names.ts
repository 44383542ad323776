/**
 * Functions for awk: which names a configuration has, and in which file. nginx reads a regular expression as it is written; all else
 * is in small letters there.
 */
export const names = String.raw`
function base(name) { sub(/^[*]?[.]/, "", name); return name }
function alike(one, other) { return one == other || covers(one, other) || covers(other, one) }
function covers(one, other) { return substr(one, 1, 1) == "." && (substr(one, 2) == other || "*" one == other) }
function collect(line, file, into,    words, count, k) {
  if (!listing && !index(line, "server_name")) return
  count = line ~ /~/ ? careful(line, words) : plain(line, words)
  for (k = 1; k <= count; k++) {
    if (words[k] == ";") listing = 0
    else if (listing) take(words[k], file, into)
    else if (words[k] == "server_name") listing = 1
  }
}
function take(word, file, into) {
  if (word !~ /^~/) word = tolower(word)
  if (word == "$hostname") word = hostname
  into[base(word)] = into[base(word)] "\n" word "\t" file
  if (stage != "dump") return
  if (word ~ /^~/) patterns[word "\t" file] = 1
  if ((file in replaced) && !named[file, word]++) own[file] = own[file] "\n" word
}
function plain(line, words) {
  sub(/#.*/, "", line); gsub(/["\047]/, "", line); gsub(/[;{}]/, " ; ", line)
  return split(line, words)
}
function careful(line, words,    count, quote, word, k, c) {
  for (k = 1; k <= length(line) + 1; k++) {
    c = k > length(line) ? " " : substr(line, k, 1)
    if (c == "\\") word = word (substr(line, k + 1, 1) ~ /["\047\\]/ ? "" : c) substr(line, ++k, 1)
    else if (quote != "" && c == quote) quote = ""
    else if (quote != "") word = word c
    else if (word == "" && c ~ /["\047]/) quote = c
    else if (word == "" && c == "#") break
    else if (c !~ /[ \t;{}]/) word = word c
    else {
      if (word != "") words[++count] = word
      word = ""
      if (c ~ /[;{}]/) words[++count] = ";"
    }
  }
  return count + 0
}
`
