o_begin run postfix-aliases 1 60 '«secret:output-token»'
o_reload reload.postfix 'systemctl reload-or-restart postfix' all
o_reload reload.postfix 'systemctl reload-or-restart postfix'
o_follows
o_op prepare prepare
o_place /etc/postfix/orchestra 755 -
o_place /etc/postfix/orchestra/.building 755 -
o_thing 'virtual_alias_maps of main.cf' $'is=$(postconf -n \'virtual_alias_maps\') && [[ $is && $is != \'virtual_alias_maps = hash:/etc/postfix/orchestra/aliases\' ]]'
o_own shared '' /etc/postfix/orchestra/aliases.db /etc/postfix/orchestra/aliases
o_mark_shared
o_op 0 sync reload.postfix
o_directory /etc/postfix/orchestra 755 -
o_directory /etc/postfix/orchestra/.building 755 -
o_settle
o_op 0 sync reload.postfix
o_file /etc/postfix/orchestra/aliases '# Written by Orchestra; changes made here are overwritten.
info@mail.example ada@mail.example
@mail.example.net ada@mail.example
' 022 644 - $'{ rm -f -- \'/etc/postfix/orchestra/.building/aliases.db\' \'/etc/postfix/orchestra/.building/aliases.ready.db\'; ln -f -- \'/etc/postfix/orchestra/aliases\' \'/etc/postfix/orchestra/.building/aliases\'; said=$(postmap \'hash:/etc/postfix/orchestra/.building/aliases\' 2>&1) && [[ ! $said ]] && mv -f -- \'/etc/postfix/orchestra/.building/aliases.db\' \'/etc/postfix/orchestra/.building/aliases.ready.db\' || { printf \'%s\\n\' "$said" >&2; exit 1; }; }'
o_settle
o_op 0 sync reload.postfix
o_unless $'[[ \'/etc/postfix/orchestra/aliases.db\' -nt \'/etc/postfix/orchestra/aliases\' ]]'
o_run $'[[ \'/etc/postfix/orchestra/.building/aliases\' -ef \'/etc/postfix/orchestra/aliases\' && \'/etc/postfix/orchestra/.building/aliases.ready.db\' -nt \'/etc/postfix/orchestra/aliases\' ]] || { rm -f -- \'/etc/postfix/orchestra/.building/aliases.db\' \'/etc/postfix/orchestra/.building/aliases.ready.db\'; ln -f -- \'/etc/postfix/orchestra/aliases\' \'/etc/postfix/orchestra/.building/aliases\'; said=$(postmap \'hash:/etc/postfix/orchestra/.building/aliases\' 2>&1) && [[ ! $said ]] && mv -f -- \'/etc/postfix/orchestra/.building/aliases.db\' \'/etc/postfix/orchestra/.building/aliases.ready.db\' || { printf \'%s\\n\' "$said" >&2; exit 1; }; }; mv -f -- \'/etc/postfix/orchestra/.building/aliases.ready.db\' \'/etc/postfix/orchestra/aliases.db\''
o_results 0
o_op commit commit
o_unless $'[[ "$(postconf \'virtual_alias_maps\')" == \'virtual_alias_maps = hash:/etc/postfix/orchestra/aliases\' ]]'
o_run $'postconf -e \'virtual_alias_maps = hash:/etc/postfix/orchestra/aliases\'; postfix check'
o_results commit
o_end
# end run
