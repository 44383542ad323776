o_begin run postfix-mailboxes 1 60 '«secret:output-token»'
o_reload reload.postfix 'systemctl reload-or-restart postfix' all
o_reload reload.postfix 'systemctl reload-or-restart postfix'
o_follows
o_op prepare prepare
o_place /etc/postfix/orchestra 755 -
o_place /etc/postfix/orchestra/.building 755 -
o_thing 'virtual_mailbox_maps of main.cf' $'is=$(postconf -n \'virtual_mailbox_maps\') && [[ $is && $is != \'virtual_mailbox_maps = hash:/etc/postfix/orchestra/mailboxes\' ]]'
o_thing 'virtual_mailbox_base of main.cf' $'is=$(postconf -n \'virtual_mailbox_base\') && [[ $is && $is != \'virtual_mailbox_base = /var/mail/virtual\' ]]'
o_thing 'virtual_uid_maps of main.cf' $'is=$(postconf -n \'virtual_uid_maps\') && [[ $is && $is != \'virtual_uid_maps = static:5000\' ]]'
o_thing 'virtual_gid_maps of main.cf' $'is=$(postconf -n \'virtual_gid_maps\') && [[ $is && $is != \'virtual_gid_maps = static:5000\' ]]'
o_own shared '' /etc/postfix/orchestra/mailboxes.db /etc/postfix/orchestra/mailboxes
o_mark_shared
o_op 0 sync reload.postfix
o_directory /etc/postfix/orchestra 755 -
o_directory /etc/postfix/orchestra/.building 755 -
o_settle
o_op 0 sync reload.postfix
o_file /etc/postfix/orchestra/mailboxes '# Written by Orchestra; changes made here are overwritten.
ada@mail.example mail.example/ada/
bea@mail.example mail.example/bea/
' 022 644 - $'{ rm -f -- \'/etc/postfix/orchestra/.building/mailboxes.db\' \'/etc/postfix/orchestra/.building/mailboxes.ready.db\'; ln -f -- \'/etc/postfix/orchestra/mailboxes\' \'/etc/postfix/orchestra/.building/mailboxes\'; said=$(postmap \'hash:/etc/postfix/orchestra/.building/mailboxes\' 2>&1) && [[ ! $said ]] && mv -f -- \'/etc/postfix/orchestra/.building/mailboxes.db\' \'/etc/postfix/orchestra/.building/mailboxes.ready.db\' || { printf \'%s\\n\' "$said" >&2; exit 1; }; }'
o_settle
o_op 0 sync reload.postfix
o_unless $'[[ \'/etc/postfix/orchestra/mailboxes.db\' -nt \'/etc/postfix/orchestra/mailboxes\' ]]'
o_run $'[[ \'/etc/postfix/orchestra/.building/mailboxes\' -ef \'/etc/postfix/orchestra/mailboxes\' && \'/etc/postfix/orchestra/.building/mailboxes.ready.db\' -nt \'/etc/postfix/orchestra/mailboxes\' ]] || { rm -f -- \'/etc/postfix/orchestra/.building/mailboxes.db\' \'/etc/postfix/orchestra/.building/mailboxes.ready.db\'; ln -f -- \'/etc/postfix/orchestra/mailboxes\' \'/etc/postfix/orchestra/.building/mailboxes\'; said=$(postmap \'hash:/etc/postfix/orchestra/.building/mailboxes\' 2>&1) && [[ ! $said ]] && mv -f -- \'/etc/postfix/orchestra/.building/mailboxes.db\' \'/etc/postfix/orchestra/.building/mailboxes.ready.db\' || { printf \'%s\\n\' "$said" >&2; exit 1; }; }; mv -f -- \'/etc/postfix/orchestra/.building/mailboxes.ready.db\' \'/etc/postfix/orchestra/mailboxes.db\''
o_results 0
o_op commit commit
o_unless $'[[ "$(postconf \'virtual_mailbox_maps\' \'virtual_mailbox_base\' \'virtual_uid_maps\' \'virtual_gid_maps\')" == \'virtual_mailbox_maps = hash:/etc/postfix/orchestra/mailboxes
virtual_mailbox_base = /var/mail/virtual
virtual_uid_maps = static:5000
virtual_gid_maps = static:5000\' ]]'
o_run $'postconf -e \'virtual_mailbox_maps = hash:/etc/postfix/orchestra/mailboxes\' \'virtual_mailbox_base = /var/mail/virtual\' \'virtual_uid_maps = static:5000\' \'virtual_gid_maps = static:5000\'; postfix check'
o_results commit
o_end
# end run
