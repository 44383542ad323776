o_begin run bind9-primary 1 60 '«secret:output-token»'
o_reload reload.named 'if systemctl is-active --quiet named; then rndc reload; else systemctl start named; fi'
o_follows
o_lists $'shopt -s nullglob
for file in \'/etc/bind/orchestra\'/*.conf; do
  file=${file##*/}
  if [[ $(<\'/etc/bind/orchestra\'/"$file") == *\'type primary;\'* ]]; then printf \'%s\\n\' "${file%.conf}"; fi
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
o_op 0 save reload.named
o_own 41da40f6a2e496067ea120d505fba0d98677f87d kit.example.net /etc/bind/orchestra/kit.example.net.source /etc/bind/orchestra/kit.example.net.conf /etc/bind/orchestra/kit.example.net.zone
o_mark_all
o_op 0 save reload.named
o_file /etc/bind/orchestra/kit.example.net.source '; Written by Orchestra; changes made here are overwritten.
$ORIGIN kit.example.net.
$TTL 3600
@ IN SOA ns1.example.org. host.example.org. (@SERIAL@ 7200 900 1209600 300)
@ IN NS ns1.example.org.
mail IN A 192.0.2.11
' 022 644 -
o_settle
o_op 0 save reload.named
o_unless $'serial=0; if [[ -e \'/etc/bind/orchestra/kit.example.net.zone\' ]]; then zone=$(<\'/etc/bind/orchestra/kit.example.net.zone\'); zone=${zone#*\'(\'}; read -r serial _ <<<"$zone"; fi; source=$(<\'/etc/bind/orchestra/kit.example.net.source\'); [[ $(<\'/etc/bind/orchestra/kit.example.net.zone\') == "${source/\'@SERIAL@\'/$serial}" ]]'
o_run $'serial=0; if [[ -e \'/etc/bind/orchestra/kit.example.net.zone\' ]]; then zone=$(<\'/etc/bind/orchestra/kit.example.net.zone\'); zone=${zone#*\'(\'}; read -r serial _ <<<"$zone"; fi
printf -v now \'%(%s)T\' -1
((serial = now > serial ? now : serial + 1))
source=$(<\'/etc/bind/orchestra/kit.example.net.source\')
printf \'%s\\n\' "${source/\'@SERIAL@\'/$serial}" >\'/etc/bind/orchestra/kit.example.net.zone\'.new
if ! report=$(named-checkzone -- \'kit.example.net\' \'/etc/bind/orchestra/kit.example.net.zone\'.new); then
  printf \'%s\\n\' "$report" >&2
  rm -f -- \'/etc/bind/orchestra/kit.example.net.zone\'.new
  exit 1
fi
mv -T -- \'/etc/bind/orchestra/kit.example.net.zone\'.new \'/etc/bind/orchestra/kit.example.net.zone\''
o_op 0 save reload.named
o_file /etc/bind/orchestra/kit.example.net.conf 'zone "kit.example.net" {
  type primary;
  file "/etc/bind/orchestra/kit.example.net.zone";
  allow-transfer { none; };
  notify explicit;
  also-notify {  };
  notify-delay 0;
};
' 022 644 -
o_settle
o_results 0
o_op commit commit
o_unless $'[[ $(<\'/etc/bind/orchestra.conf\') == "$(shopt -s nullglob; for stanza in \'/etc/bind/orchestra\'/*.conf; do printf \'include "%s";\\n\' "$stanza"; done)" ]]'
o_run $'(shopt -s nullglob; for stanza in \'/etc/bind/orchestra\'/*.conf; do printf \'include "%s";\\n\' "$stanza"; done) >\'/etc/bind/orchestra.conf\'.new; mv -T -- \'/etc/bind/orchestra.conf\'.new \'/etc/bind/orchestra.conf\''
o_results commit
o_end
# end run
