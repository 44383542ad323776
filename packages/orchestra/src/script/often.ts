/** Functions of the prelude that most scripts call. It costs nothing but time when one is missing here, or not needed. */
export const often: ReadonlySet<string> = new Set(
  `o_absolute o_act_in o_apply o_ask o_asking o_ask_more o_ask_path o_ask_place o_begin o_block o_body o_changed
  o_check_state o_decide o_directory o_drop_marks o_end o_eval o_file o_find_state o_flush o_for o_forget o_forget_marks
  o_forget_questions o_guard o_heed_fence o_is_sticky o_judge o_keep o_litter o_lock o_look o_lstat o_make_ours o_many o_mark_all
  o_mark_shared o_may_act o_may_replace o_move_in o_moved o_note_holder o_note_new o_note_run o_now o_now_pending o_op o_owe o_own
  o_patient o_pay o_place o_prepared o_quiet_then_loud o_raise_fence o_read_ahead o_read_debts o_read_holder o_read_litter o_read_mark
  o_record o_refuse_waiting o_results o_room o_run o_say o_see o_see_again o_settle o_settle_directories
  o_settle_files o_settle_modes o_settle_permissions o_staged o_step o_subshell o_sweep o_tell_well o_unsee o_weigh o_where o_whose o_within o_write
  o_write_mark`.split(/\s+/),
)
