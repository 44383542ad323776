o_begin run nginx-site 1 60 '«secret:output-token»'
o_reload reload.nginx 'systemctl reload-or-restart nginx'
o_lists $'shopt -s nullglob; for file in \'/etc/nginx/sites-enabled\'/*.conf; do file=${file##*/}; printf \'%s\\n\' "${file%.conf}"; done'
o_op 0 save reload.nginx
o_own 41da40f6a2e496067ea120d505fba0d98677f87d kit.example.net /etc/nginx/sites-enabled/kit.example.net.conf
o_mark_all
o_op 0 save reload.nginx
o_file /etc/nginx/sites-enabled/kit.example.net.conf '# Written by Orchestra; changes made here are overwritten.
server {
    server_name kit.example.net;
    listen 80;
    listen [::]:80;
    client_max_body_size 1m;
    return 301 https://kit.example$request_uri;
}
' 022 644 - 'nginx -t'
o_settle
o_results 0
o_end
# end run
