/**
 * Functions for awk: whose a name is. It belongs to the file that has it, for whatever port, and so do names below its wildcard and
 * those that its regular expression is for: nginx asks exact names before wildcards, long ones before short ones, and regular
 * expressions last, so a newcomer would take them without a word. One that is for names of any domain, such as `mail.*` or `~^www`,
 * is what nginx falls back to, and nobody's. What a file on trial had before stays with it, and of two on trial the first has it.
 */
export const belonging = String.raw`
function had(name, file) { return held(before[base(name)], name, file) }
function held(list, name, file,    lines, count, k, pair) {
  count = split(list, lines, "\n")
  for (k = 2; k <= count; k++) {
    split(lines[k], pair, "\t")
    if (pair[2] == file && alike(pair[1], name)) return 1
  }
  return 0
}
function stands(word, other, file) {
  return other != file && !((file, word) in shares) && (!(other in order) || order[other] < order[file] || had(word, other))
}
function belong(file,    words, count, k) {
  count = split(own[file], words, "\n")
  for (k = 2; k <= count; k++) if (!had(words[k], file)) claim(words[k], file)
}
function claim(name, file,    lines, count, k, pair) {
  count = split(has[base(name)], lines, "\n")
  for (k = 2; k <= count; k++) {
    split(lines[k], pair, "\t")
    if (alike(pair[1], name) && stands(pair[1], pair[2], file)) {
      complain("the name " name " belongs to " pair[2] " already, " file " cannot have it")
      return
    }
  }
  if (!below(name, file)) ask(name, file)
}
function below(name, file,    domain, lines, count, k, pair, found) {
  for (domain = base(name); index(domain, "."); ) {
    domain = substr(domain, index(domain, ".") + 1)
    count = split(has[domain], lines, "\n")
    for (k = 2; k <= count; k++) {
      split(lines[k], pair, "\t")
      if (pair[1] != "*." domain && pair[1] != "." domain) continue
      if (pair[2] == file || (file, pair[1]) in shares) return 1
      if (stands(pair[1], pair[2], file)) found = pair[1] " of " pair[2]
    }
    if (found != "") {
      complain("the name " name " belongs to " found " already, " file " would take a part of it")
      return 1
    }
  }
  return 0
}
function ask(name, file,    labels, count, k) {
  sub(/^[.]/, "*.", name)
  count = name ~ /^[*]/ ? split("www a 1 orchestra", labels) : 1
  for (k = 1; k <= count; k++) {
    asked[++asks] = labels[k] substr(name, name ~ /^[*]/ ? 2 : 1)
    askedName[asks] = name; askedFile[asks] = file
  }
}
function elsewhere(name) {
  return match(name, /[^.]+[.][^.]+$/) ? substr(name, 1, RSTART - 1) "nobody.invalid" : "nobody.invalid"
}
function judgePatterns(    pattern, pair, k, hits, near, anywhere, told) {
  if (asks) for (pattern in patterns) {
    split(pattern, pair, "\t")
    matching(pair[1], asked, asks, near)
    hits = 0
    for (k = 1; k <= asks; k++) if ((k in near) && stands(pair[1], pair[2], askedFile[k])) { hit[++hits] = k; far[hits] = elsewhere(asked[k]) }
    matching(pair[1], far, hits, anywhere)
    for (k = 1; k <= hits; k++) if (!(k in anywhere) && !told[pattern, askedName[hit[k]]]++)
      complain("the name " askedName[hit[k]] " belongs to " pair[1] " of " pair[2] " already, " askedFile[hit[k]] " would take a part of it")
  }
}
function matching(pattern, list, count, found,    k, last, command, line) {
  for (k in found) delete found[k]
  for (k = 1; k <= count; k = last + 1) {
    command = "printf \"%s\\n\""
    for (last = k; ; last++) {
      command = command " " quoted(list[last])
      if (last == count || last == k + 199) break
    }
    command = command " | grep -niP -e " quoted(substr(pattern, 2)) " 2>/dev/null"
    while ((command | getline line) > 0) found[k - 1 + line] = 1
    close(command)
  }
}
function quoted(word) { gsub(/\047/, "\047\\\047\047", word); return "\047" word "\047" }
`
