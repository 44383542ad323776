import { belonging } from './belonging.ts'
import { names } from './names.ts'

/**
 * A program for awk. What nginx says of its whole configuration is not all that may be wrong with it: a name that two sites have
 * is a mere warning, and a file that nothing includes, a variable that two maps set, and a port of another program are not even
 * that. Reads the files on trial with what they replace, `--`, and what `nginx -T` prints. What was so before the files on trial
 * is no fault of theirs.
 */
export const judge = String.raw`${names}${belonging}
function complain(text) { print text; bad = 1 }
BEGIN { stage = "files"; getline hostname < "/proc/sys/kernel/hostname"; hostname = tolower(hostname) }
stage == "files" && $0 == "--" { stage = "messages"; next }
stage == "files" { split($0, pair, "\t"); replaced[pair[1]] = pair[2]; order[pair[1]] = ++files; trial[files] = pair[1]; next }
stage == "messages" && / test is successful$/ { stage = "dump"; next }
stage == "messages" && /\[warn\].* conflicting server name ".*" on .*, ignored$/ { next }
stage == "messages" && !/ syntax is ok$/ { print }
stage == "dump" && /^# configuration file .*:$/ {
  file = substr($0, 22, length($0) - 22); listing = 0
  end = file; sub(/.*\//, "", end)
  seen[file] = seen[end] = 1
  next
}
stage == "dump" {
  if ($1 == "map" && $3 != "") {
    sub(/[{]$/, "", $3)
    if (file in replaced) mine[$3] = file; else sets[$3] = file
  }
  if (file in replaced) {
    if ($1 == "ssl_certificate") secure = 1
    if (/^# Shares with other sites: /) for (k = 6; k <= NF; k++) shares[file, $k] = 1
  }
  if (files) collect($0, file, has)
}
END {
  if (stage != "dump") exit 1
  stage = "before"
  for (k = 1; k <= files; k++) {
    file = trial[k]
    end = file; sub(/.*\//, "", end)
    if (!(file in seen) && !(end in seen)) complain("nginx does not read " file ": nothing in its configuration includes it")
    listing = 0
    while (replaced[file] != "" && (getline line < replaced[file]) > 0) collect(line, file, before)
    close(replaced[file])
  }
  for (name in mine) if (name in sets) complain(name " is set by the map in " sets[name] " already")
  for (k = 1; k <= files; k++) belong(trial[k])
  judgePatterns()
  ports = secure ? "80 443" : "80"
  for (k = files ? split(ports, port, " ") : 0; k > 0; k--) {
    holders = "ss -Hltnp sport = :" port[k] " 2>/dev/null"
    while ((holders | getline line) > 0)
      if (line ~ /users:/ && line !~ /"nginx"/) { complain("another program has port " port[k] ": " line); break }
    close(holders)
  }
  exit bad
}`
