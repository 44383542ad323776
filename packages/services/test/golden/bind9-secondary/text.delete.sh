o_begin run bind9-secondary 1 60 '«secret:output-token»'
o_reload reload.named 'if systemctl is-active --quiet named; then rndc reload; else systemctl start named; fi'
o_follows
o_lists $'shopt -s nullglob
for file in \'/etc/bind/orchestra\'/*.conf; do
  file=${file##*/}
  if [[ $(<\'/etc/bind/orchestra\'/"$file") == *\'type secondary;\'* ]]; then printf \'%s\\n\' "${file%.conf}"; fi
done'
o_op prepare prepare
o_place /etc/bind/orchestra - -
o_place /var/cache/bind/orchestra - bind:bind
o_own shared '' /etc/bind/orchestra.conf
o_mark_shared
o_op prepare prepare
o_directory /etc/bind/orchestra - -
o_directory /var/cache/bind/orchestra - bind:bind
o_settle
o_op prepare prepare
o_unless $'[[ -e \'/etc/bind/orchestra.conf\' ]]'
o_run $': >>\'/etc/bind/orchestra.conf\''
o_unless $'[[ $\'\\n\'$(<\'/etc/bind/named.conf.local\')$\'\\n\' == *$\'\\n\'\'include "/etc/bind/orchestra.conf";\'$\'\\n\'* ]]'
o_run $'printf \'\\n%s\\n\' \'include "/etc/bind/orchestra.conf";\' >>\'/etc/bind/named.conf.local\''
o_prepared
o_op 0 delete reload.named
o_give_up 41da40f6a2e496067ea120d505fba0d98677f87d kit.example.net /etc/bind/orchestra/kit.example.net.conf /var/cache/bind/orchestra/kit.example.net.zone /var/cache/bind/orchestra/kit.example.net.zone.jnl
o_disown 41da40f6a2e496067ea120d505fba0d98677f87d
o_mark_all
o_op 0 delete reload.named
o_absent /etc/bind/orchestra/kit.example.net.conf
o_absent /var/cache/bind/orchestra/kit.example.net.zone
o_absent /var/cache/bind/orchestra/kit.example.net.zone.jnl
o_settle
o_results 0
o_op commit commit
o_unless $'[[ $(<\'/etc/bind/orchestra.conf\') == "$(shopt -s nullglob; for stanza in \'/etc/bind/orchestra\'/*.conf; do printf \'include "%s";\\n\' "$stanza"; done)" ]]'
o_run $'(shopt -s nullglob; for stanza in \'/etc/bind/orchestra\'/*.conf; do printf \'include "%s";\\n\' "$stanza"; done) >\'/etc/bind/orchestra.conf\'.new; mv -T -- \'/etc/bind/orchestra.conf\'.new \'/etc/bind/orchestra.conf\''
o_results commit
o_end
# end run
