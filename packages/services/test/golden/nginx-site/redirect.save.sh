o_act_in /etc/nginx /etc/nginx/orchestra /etc/nginx/sites-enabled
o_begin run nginx-site 1 60 '«secret:output-token»'
o_reload reload.nginx $'main=$(systemctl show --property MainPID --value nginx)
if ((!main)); then
  systemctl restart nginx
  exit
fi
children=/proc/$main/task/$main/children
[[ -e $children ]] || { systemctl reload nginx; exit; }
before=" $(<"$children") "
systemctl reload nginx
for ((tries = 0; tries < 100; tries++)); do
  for child in $(<"$children"); do [[ $before == *" $child "* ]] || exit 0; done
  read -rt 0.1 <> <(:) || :
done
echo \'nginx did not follow the reload and goes on as before\' >&2
journalctl --quiet --unit nginx --lines 3 --output cat >&2 || :
tail -n 5 /var/log/nginx/error.log >&2
exit 1' all
o_reload reload.nginx $'main=$(systemctl show --property MainPID --value nginx)
if ((!main)); then
  systemctl restart nginx
  exit
fi
children=/proc/$main/task/$main/children
[[ -e $children ]] || { systemctl reload nginx; exit; }
before=" $(<"$children") "
systemctl reload nginx
for ((tries = 0; tries < 100; tries++)); do
  for child in $(<"$children"); do [[ $before == *" $child "* ]] || exit 0; done
  read -rt 0.1 <> <(:) || :
done
echo \'nginx did not follow the reload and goes on as before\' >&2
journalctl --quiet --unit nginx --lines 3 --output cat >&2 || :
tail -n 5 /var/log/nginx/error.log >&2
exit 1'
o_lists $'shopt -s nullglob; for file in \'/etc/nginx/sites-enabled\'/*.conf; do file=${file##*/}; printf \'%s\\n\' "${file%.conf}"; done'
o_op prepare prepare
o_place /etc/nginx/orchestra 755 -
o_own shared '' /etc/nginx/orchestra/check.sh
o_mark_shared
o_op prepare prepare
o_directory /etc/nginx/orchestra 755 -
o_settle
o_op prepare prepare
o_file /etc/nginx/orchestra/check.sh $'{
  for k in "${!checked[@]}"; do printf \'%s\\t%s\\n\' "${checked[k]}" "${replaced[k]}"; done
  echo --
  nginx -T 2>&1
} | awk \'
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
  into[base(word)] = into[base(word)] "\\n" word "\\t" file
  if (stage != "dump") return
  if (word ~ /^~/) patterns[word "\\t" file] = 1
  if ((file in replaced) && !named[file, word]++) own[file] = own[file] "\\n" word
}
function plain(line, words) {
  sub(/#.*/, "", line); gsub(/["\\047]/, "", line); gsub(/[;{}]/, " ; ", line)
  return split(line, words)
}
function careful(line, words,    count, quote, word, k, c) {
  for (k = 1; k <= length(line) + 1; k++) {
    c = k > length(line) ? " " : substr(line, k, 1)
    if (c == "\\\\") word = word (substr(line, k + 1, 1) ~ /["\\047\\\\]/ ? "" : c) substr(line, ++k, 1)
    else if (quote != "" && c == quote) quote = ""
    else if (quote != "") word = word c
    else if (word == "" && c ~ /["\\047]/) quote = c
    else if (word == "" && c == "#") break
    else if (c !~ /[ \\t;{}]/) word = word c
    else {
      if (word != "") words[++count] = word
      word = ""
      if (c ~ /[;{}]/) words[++count] = ";"
    }
  }
  return count + 0
}

function had(name, file) { return held(before[base(name)], name, file) }
function held(list, name, file,    lines, count, k, pair) {
  count = split(list, lines, "\\n")
  for (k = 2; k <= count; k++) {
    split(lines[k], pair, "\\t")
    if (pair[2] == file && alike(pair[1], name)) return 1
  }
  return 0
}
function stands(word, other, file) {
  return other != file && !((file, word) in shares) && (!(other in order) || order[other] < order[file] || had(word, other))
}
function belong(file,    words, count, k) {
  count = split(own[file], words, "\\n")
  for (k = 2; k <= count; k++) if (!had(words[k], file)) claim(words[k], file)
}
function claim(name, file,    lines, count, k, pair) {
  count = split(has[base(name)], lines, "\\n")
  for (k = 2; k <= count; k++) {
    split(lines[k], pair, "\\t")
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
    count = split(has[domain], lines, "\\n")
    for (k = 2; k <= count; k++) {
      split(lines[k], pair, "\\t")
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
    split(pattern, pair, "\\t")
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
    command = "printf \\"%s\\\\n\\""
    for (last = k; ; last++) {
      command = command " " quoted(list[last])
      if (last == count || last == k + 199) break
    }
    command = command " | grep -niP -e " quoted(substr(pattern, 2)) " 2>/dev/null"
    while ((command | getline line) > 0) found[k - 1 + line] = 1
    close(command)
  }
}
function quoted(word) { gsub(/\\047/, "\\047\\\\\\047\\047", word); return "\\047" word "\\047" }

function complain(text) { print text; bad = 1 }
BEGIN { stage = "files"; getline hostname < "/proc/sys/kernel/hostname"; hostname = tolower(hostname) }
stage == "files" && $0 == "--" { stage = "messages"; next }
stage == "files" { split($0, pair, "\\t"); replaced[pair[1]] = pair[2]; order[pair[1]] = ++files; trial[files] = pair[1]; next }
stage == "messages" && / test is successful$/ { stage = "dump"; next }
stage == "messages" && /\\[warn\\].* conflicting server name ".*" on .*, ignored$/ { next }
stage == "messages" && !/ syntax is ok$/ { print }
stage == "dump" && /^# configuration file .*:$/ {
  file = substr($0, 22, length($0) - 22); listing = 0
  end = file; sub(/.*\\//, "", end)
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
    end = file; sub(/.*\\//, "", end)
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
}
\'
' 022 644 -
o_settle
o_op prepare prepare
o_unless $'wanted=\'listen 80;\'; if { IFS= read -r _ </proc/net/if_inet6; } 2>/dev/null; then wanted+=$\'\\n\'\'listen [::]:80;\'; fi; [[ $(<\'/etc/nginx/orchestra/listen-http.conf\') == "$wanted" ]]'
o_run $'wanted=\'listen 80;\'; if { IFS= read -r _ </proc/net/if_inet6; } 2>/dev/null; then wanted+=$\'\\n\'\'listen [::]:80;\'; fi; printf \'%s\\n\' "$wanted" >\'/etc/nginx/orchestra/listen-http.conf\'.new; mv -T -- \'/etc/nginx/orchestra/listen-http.conf\'.new \'/etc/nginx/orchestra/listen-http.conf\''
o_unless $'wanted=\'listen 443 ssl http2;\'; if { IFS= read -r _ </proc/net/if_inet6; } 2>/dev/null; then wanted+=$\'\\n\'\'listen [::]:443 ssl http2;\'; fi; [[ $(<\'/etc/nginx/orchestra/listen-https.conf\') == "$wanted" ]]'
o_run $'wanted=\'listen 443 ssl http2;\'; if { IFS= read -r _ </proc/net/if_inet6; } 2>/dev/null; then wanted+=$\'\\n\'\'listen [::]:443 ssl http2;\'; fi; printf \'%s\\n\' "$wanted" >\'/etc/nginx/orchestra/listen-https.conf\'.new; mv -T -- \'/etc/nginx/orchestra/listen-https.conf\'.new \'/etc/nginx/orchestra/listen-https.conf\''
o_prepared
o_for 0
o_own 41da40f6a2e496067ea120d505fba0d98677f87d kit.example.net /etc/nginx/sites-enabled/kit.example.net.conf
o_mark_all
o_op 0 save reload.nginx
o_file /etc/nginx/sites-enabled/kit.example.net.conf '# Written by Orchestra; changes made here are overwritten.
server {
    server_name kit.example.net;
    include /etc/nginx/orchestra/listen-http.conf;
    client_max_body_size 1m;
    return 301 https://kit.example$request_uri;
}
' 022 644 - $'. \'/etc/nginx/orchestra/check.sh\''
o_settle
o_results 0
o_end
# end run
