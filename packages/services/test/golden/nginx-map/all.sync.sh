o_begin run nginx-map 1 60 '«secret:output-token»'
o_reload reload.nginx 'systemctl reload-or-restart nginx'
o_op prepare prepare
o_own shared '' /etc/nginx/conf.d/orchestra-nginx-map.conf
o_mark_shared
o_op 0 sync reload.nginx
o_file /etc/nginx/conf.d/orchestra-nginx-map.conf '# Written by Orchestra; changes made here are overwritten.
map $host $kit_target {
    hostnames;
    default "";
    "old.example" "https://new.example";
    "*.old.example.net" "https://new.example/a b?c={d};#e";
}
' 022 644 - 'nginx -t'
o_settle
o_results 0
o_end
# end run
