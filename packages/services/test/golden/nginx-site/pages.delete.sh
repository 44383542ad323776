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
o_act_in /etc/nginx /etc/nginx/orchestra
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
function collect(line, file, into,    words, count, k, word) {
  sub(/#.*/, "", line); gsub(/["\\047]/, "", line); gsub(/[;{}]/, " ; ", line)
  count = split(line, words)
  for (k = 1; k <= count; k++) {
    word = tolower(words[k])
    if (word == ";") listing = 0
    else if (listing) into[base(word)] = into[base(word)] "\\n" word "\\t" file
    else if (word == "server_name") listing = 1
  }
}
function holder(list, name, wanted, unwanted,    lines, count, k, pair) {
  count = split(list, lines, "\\n")
  for (k = 1; k <= count; k++) {
    if (split(lines[k], pair, "\\t") != 2 || !alike(pair[1], name)) continue
    if (wanted == "" ? pair[2] != unwanted : pair[2] == wanted) return pair[2]
  }
  return ""
}
function complain(text) { print text; bad = 1 }
BEGIN { stage = "files" }
stage == "files" && $0 == "--" { stage = "messages"; next }
stage == "files" { split($0, pair, "\\t"); replaced[pair[1]] = pair[2]; any = 1; next }
stage == "messages" && / test is successful$/ { stage = "dump"; next }
stage == "messages" && /\\[warn\\].* conflicting server name ".*" on .*, ignored$/ {
  name = $0; sub(/.* conflicting server name "/, "", name); sub(/" on .*/, "", name)
  conflicts[tolower(name)] = 1; conflicting = 1
  next
}
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
  if ((file in replaced) && $1 == "ssl_certificate") secure = 1
  if (conflicting) collect($0, file, names)
}
END {
  if (stage != "dump") exit 1
  for (file in replaced) {
    end = file; sub(/.*\\//, "", end)
    if (!(file in seen) && !(end in seen)) complain("nginx does not read " file ": nothing in its configuration includes it")
  }
  for (name in mine) if (name in sets) complain(name " is set by the map in " sets[name] " already")
  if (conflicting) for (file in replaced) {
    listing = 0
    while (replaced[file] != "" && (getline line < replaced[file]) > 0) collect(line, file, before)
  }
  for (name in conflicts) for (file in replaced) {
    list = names[base(name)]
    if (holder(list, name, file) == "" || holder(before[base(name)], name, file) != "") continue
    other = holder(list, name, "", file)
    complain("the name " name " belongs to " (other == "" ? file : other) " already, nginx would ignore it in " file)
  }
  ports = secure ? "80 443" : "80"
  for (k = any ? split(ports, port, " ") : 0; k > 0; k--) {
    held = "ss -Hltnp sport = :" port[k] " 2>/dev/null"
    while ((held | getline line) > 0)
      if (line ~ /users:/ && line !~ /"nginx"/) { complain("another program has port " port[k] ": " line); break }
    close(held)
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
o_give_up 9449e33895e7539ba3efee9c89f2b0f1de07c846 kit.example /etc/nginx/sites-enabled/kit.example.conf
o_disown 9449e33895e7539ba3efee9c89f2b0f1de07c846
o_mark_all
o_op 0 delete reload.nginx
o_absent /etc/nginx/sites-enabled/kit.example.conf
o_settle
o_results 0
o_end
# end run
