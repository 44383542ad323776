o_begin run nginx-site 1 60 '«secret:output-token»'
o_reload reload.nginx 'systemctl reload-or-restart nginx'
o_lists $'shopt -s nullglob; for file in \'/etc/nginx/sites-enabled\'/*.conf; do file=${file##*/}; printf \'%s\\n\' "${file%.conf}"; done'
o_op 0 delete reload.nginx
o_give_up 9449e33895e7539ba3efee9c89f2b0f1de07c846 kit.example /etc/nginx/sites-enabled/kit.example.conf
o_disown 9449e33895e7539ba3efee9c89f2b0f1de07c846
o_mark_all
o_op 0 delete reload.nginx
o_absent /etc/nginx/sites-enabled/kit.example.conf
o_settle
o_results 0
o_end
# end run
