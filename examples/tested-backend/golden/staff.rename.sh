o_begin run lists 1 60 '«secret:output-token»'
o_reload reload.lists 'find lists -type f -exec cat {} + >all-lists'
o_op prepare prepare
o_directory ./lists - -
o_settle
o_prepared
o_op 0 rename reload.lists
o_only_if $'[[ -e \'lists/staff@lists.example\' ]]'
o_run $'mv -T -- \'lists/staff@lists.example\' \'lists/team@lists.example\''
o_op 0 rename reload.lists
o_file ./lists/team@lists.example '# Who works here
ada@x.example
bea@x.example
' 026 640 - $'! grep -vq \'^#\\|@\' lists/*'
o_settle
o_results 0
o_end
# end run
