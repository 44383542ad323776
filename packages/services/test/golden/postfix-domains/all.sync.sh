o_begin run postfix-domains 1 60 '«secret:output-token»'
o_reload reload.postfix 'systemctl reload-or-restart postfix' all
o_reload reload.postfix 'systemctl reload-or-restart postfix'
o_follows
o_op prepare prepare
o_place /etc/postfix/orchestra 755 -
o_place /etc/postfix/orchestra/.building 755 -
o_thing 'virtual_mailbox_domains of main.cf' $'is=$(postconf -n \'virtual_mailbox_domains\') && [[ $is && $is != \'virtual_mailbox_domains = hash:/etc/postfix/orchestra/domains\' ]]'
o_own shared '' /etc/postfix/orchestra/domains.db /etc/postfix/orchestra/domains
o_mark_shared
o_op 0 sync reload.postfix
o_directory /etc/postfix/orchestra 755 -
o_directory /etc/postfix/orchestra/.building 755 -
o_settle
o_op 0 sync reload.postfix
o_file /etc/postfix/orchestra/domains '# Written by Orchestra; changes made here are overwritten.
mail.example OK
mail.example.net OK
' 022 644 - $'{ rm -f -- \'/etc/postfix/orchestra/.building/domains.db\' \'/etc/postfix/orchestra/.building/domains.ready.db\'; ln -f -- \'/etc/postfix/orchestra/domains\' \'/etc/postfix/orchestra/.building/domains\'; said=$(postmap \'hash:/etc/postfix/orchestra/.building/domains\' 2>&1) && [[ ! $said ]] && mv -f -- \'/etc/postfix/orchestra/.building/domains.db\' \'/etc/postfix/orchestra/.building/domains.ready.db\' || { printf \'%s\\n\' "$said" >&2; exit 1; }; }'
o_settle
o_op 0 sync reload.postfix
o_unless $'[[ \'/etc/postfix/orchestra/domains.db\' -nt \'/etc/postfix/orchestra/domains\' ]]'
o_run $'[[ \'/etc/postfix/orchestra/.building/domains\' -ef \'/etc/postfix/orchestra/domains\' && \'/etc/postfix/orchestra/.building/domains.ready.db\' -nt \'/etc/postfix/orchestra/domains\' ]] || { rm -f -- \'/etc/postfix/orchestra/.building/domains.db\' \'/etc/postfix/orchestra/.building/domains.ready.db\'; ln -f -- \'/etc/postfix/orchestra/domains\' \'/etc/postfix/orchestra/.building/domains\'; said=$(postmap \'hash:/etc/postfix/orchestra/.building/domains\' 2>&1) && [[ ! $said ]] && mv -f -- \'/etc/postfix/orchestra/.building/domains.db\' \'/etc/postfix/orchestra/.building/domains.ready.db\' || { printf \'%s\\n\' "$said" >&2; exit 1; }; }; mv -f -- \'/etc/postfix/orchestra/.building/domains.ready.db\' \'/etc/postfix/orchestra/domains.db\''
o_results 0
o_op commit commit
o_unless $'[[ "$(postconf \'virtual_mailbox_domains\')" == \'virtual_mailbox_domains = hash:/etc/postfix/orchestra/domains\' ]]'
o_run $'postconf -e \'virtual_mailbox_domains = hash:/etc/postfix/orchestra/domains\'; postfix check'
o_results commit
o_end
# end run
