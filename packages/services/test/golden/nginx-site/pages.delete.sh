o_begin run nginx-site 1 60 '«secret:output-token»'
o_reload reload.nginx 'systemctl reload-or-restart nginx'
o_op 0 delete reload.nginx
o_absent /etc/nginx/sites-enabled/kit.example.conf
o_settle
o_results 0
o_end
# end run
