o_begin run nginx-site 1 60 '«secret:output-token»'
o_reload reload.nginx 'systemctl reload-or-restart nginx'
o_lists $'shopt -s nullglob; for file in \'/etc/nginx/sites-enabled\'/*.conf; do file=${file##*/}; printf \'%s\\n\' "${file%.conf}"; done'
o_op 0 rename reload.nginx
o_former 9449e33895e7539ba3efee9c89f2b0f1de07c846 kit.example /etc/nginx/sites-enabled/kit.example.conf
o_place /srv/sites/kit - www-data:www-data
o_own c66e58764753acb21e0e9fb9ea3f8332265b1828 renamed.example /etc/nginx/sites-enabled/renamed.example.conf
o_disown 9449e33895e7539ba3efee9c89f2b0f1de07c846
o_mark_all
o_op 0 rename reload.nginx
o_directory /srv/sites/kit - www-data:www-data
o_settle
o_op 0 rename reload.nginx
o_file /etc/nginx/sites-enabled/renamed.example.conf '# Written by Orchestra; changes made here are overwritten.
server {
    server_name renamed.example www.kit.example;
    listen 80;
    listen [::]:80;
    client_max_body_size 1m;
    root /srv/sites/kit;
    index index.html;
    location / { try_files $uri $uri/ =404; }
    add_header X-Kit yes;
}
' 022 644 - 'nginx -t'
o_settle
o_op 0 rename reload.nginx
o_absent /etc/nginx/sites-enabled/kit.example.conf
o_settle
o_op 0 rename reload.nginx
o_directory /srv/sites/kit - www-data:www-data
o_settle
o_op 0 rename reload.nginx
o_file /etc/nginx/sites-enabled/renamed.example.conf '# Written by Orchestra; changes made here are overwritten.
server {
    server_name renamed.example www.kit.example;
    listen 80;
    listen [::]:80;
    client_max_body_size 1m;
    root /srv/sites/kit;
    index index.html;
    location / { try_files $uri $uri/ =404; }
    add_header X-Kit yes;
}
' 022 644 - 'nginx -t'
o_settle
o_results 0
o_end
# end run
