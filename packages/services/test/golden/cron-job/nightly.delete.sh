o_begin run cron-job 1 60 '«secret:output-token»'
o_op 0 delete
o_absent /etc/cron.d/orchestra-kit
o_settle
o_results 0
o_end
# end run
