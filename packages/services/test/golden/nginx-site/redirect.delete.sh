o_begin run nginx-site 1 60 '«secret:output-token»'
o_reload reload.nginx 'systemctl reload-or-restart nginx'
o_lists $'shopt -s nullglob; for file in \'/etc/nginx/sites-enabled\'/*.conf; do file=${file##*/}; printf \'%s\\n\' "${file%.conf}"; done'
o_op 0 delete reload.nginx
o_give_up 41da40f6a2e496067ea120d505fba0d98677f87d kit.example.net /etc/nginx/sites-enabled/kit.example.net.conf
o_disown 41da40f6a2e496067ea120d505fba0d98677f87d
o_mark_all
o_op 0 delete reload.nginx
o_absent /etc/nginx/sites-enabled/kit.example.net.conf
o_settle
o_results 0
o_end
# end run
