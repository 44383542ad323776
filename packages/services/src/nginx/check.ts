import { type Command, sh } from 'orchestrajs'

/**
 * What nginx says of its whole configuration is not all that may be wrong with it: a name that two sites have is a warning, a
 * file that nothing includes and a variable that two maps set are none. Reads the files that are on trial, `--`, and what
 * `nginx -T` prints.
 */
const judge = String.raw`
function names(file, into, line, words, count, k, open) {
  open = 0
  while ((getline line < file) > 0) open = declared(line, open, into)
  close(file)
}
function declared(line, open, into, words, count, k, word) {
  sub(/#.*/, "", line)
  gsub(/;/, " ; ", line)
  gsub(/[{}]/, " ; ", line)
  gsub(/["\047]/, "", line)
  count = split(line, words)
  for (k = 1; k <= count; k++) {
    word = tolower(words[k])
    if (word == ";") open = 0
    else if (open) into[word] = 1
    else if (word == "server_name") open = 1
    else open = 0
  }
  return open
}
function alike(one, other) {
  return one == other || dotted(one, other) || dotted(other, one)
}
function dotted(one, other) {
  return substr(one, 1, 1) == "." && (substr(one, 2) == other || "*" one == other)
}
function variable(line, words) {
  return line ~ /^[ \t]*map[ \t]/ && split(line, words) >= 3 ? words[3] : ""
}
function complain(text) {
  print text
  bad = 1
}
BEGIN { stage = "files" }
stage == "files" && $0 == "--" { stage = "messages"; next }
stage == "files" { split($0, pair, "\t"); old[pair[1]] = pair[2]; next }
stage == "messages" && / test is successful$/ { stage = "dump"; next }
stage == "messages" && /\[warn\].* conflicting server name ".*" on .*, ignored$/ {
  name = $0
  sub(/.* conflicting server name "/, "", name)
  sub(/" on .*/, "", name)
  conflicts[tolower(name)] = 1
  next
}
stage == "messages" && !/ syntax is ok$/ { print }
stage == "dump" && /^# configuration file .*:$/ {
  file = substr($0, 22, length($0) - 22)
  base = file
  sub(/.*\//, "", base)
  read[file] = read[base] = 1
  next
}
stage == "dump" {
  if ((set = variable($0)) != "") sets[set] = sets[set] "\n" file
  if (file in old && $1 == "ssl_certificate") secure = 1
  for (name in conflicts) {
    declared($0, 0, here)
    for (k in here) if (alike(k, name)) has[name] = has[name] "\n" file
    for (k in here) delete here[k]
    break
  }
}
`
void sh
void judge
export type X = Command
