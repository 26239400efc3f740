"""What users, disks and networks do, and the tests that do it to the real command.

| what happens | tests |
|---|---|
| no spec | cli/test_bad_input.py: test_no_spec test_a_misspelt_spec |
| an empty spec | cli/test_bad_input.py: test_what_is_no_spec |
| a binary spec | cli/test_bad_input.py: test_what_is_no_spec |
| 10 MB of `{` | test_specs.py: test_a_spec_that_no_person_wrote_is_told_in_a_few_lines |
| a spec that is not UTF-8 | cli/test_bad_input.py: test_what_is_no_spec |
| BOM, CRLF | test_specs.py: test_a_spec_with_the_marks_of_another_editor_runs_and_keeps_its_line_ends |
| BOM, CRLF in rows | test_rows.py: test_a_huge_field_is_a_field_and_windows_lines_are_lines |
| a missing column | test_rows.py: test_rows_that_cannot_be_read |
| an extra column | test_rows.py: test_an_extra_column_is_dropped_and_listed_and_runs_nothing_else |
| wrong types | test_rows.py: test_wrong_types_are_shown_and_listed_in_a_file |
| no rows | test_rows.py: test_rows_that_cannot_be_read |
| duplicate keys | test_rows.py: test_duplicate_keys_are_shown |
| a huge field | test_rows.py: test_a_huge_field_is_a_field_and_windows_lines_are_lines |
| data changes while it is read | test_changes.py: test_what_a_stage_reads_changes_before_it_ends |
| data changes after it was hashed | test_changes.py: test_a_file_that_changes_between_its_hash_and_its_reading |
| data changes after it was read | test_changes.py: test_a_file_that_changes_after_it_was_read_is_seen_by_the_next_run |
| user code raises | test_user_code.py: test_code_that_fails |
| user code hangs | test_user_code.py: test_code_that_hangs_is_stopped_with_all_that_it_started |
| user code prints a million lines | test_user_code.py: test_a_million_lines_go_to_the_log |
| user code calls `sys.exit` | test_user_code.py: test_code_that_fails |
| a syntax error | test_user_code.py: test_code_that_cannot_be_called_is_found_before_anything_runs |
| global state | test_user_code.py: test_no_global_state_reaches_another_stage |
| a full disk | test_disks.py: test_a_full_disk_loses_nothing test_a_full_disk_keeps_the_spec_that_is_formatted |
| a read-only store | test_disks.py: test_a_read_only_store_gives_what_it_has |
| a read-only project | test_disks.py: test_a_read_only_project_can_be_looked_at |
| a corrupt record | test_store_and_lock.py: test_a_damaged_record_is_named_and_made_again |
| a corrupt object | test_store_and_lock.py: test_a_damaged_object_is_found_out_when_it_is_read_and_made_again |
| a corrupt input | test_store_and_lock.py: test_a_damaged_input_is_made_again_on_the_way |
| corrupt memories | test_store_and_lock.py: test_damaged_memories_cost_nothing_but_time |
| a corrupt lock | test_store_and_lock.py: test_a_damaged_lock_stays_as_it_is |
| a merge conflict | test_store_and_lock.py: test_a_merge_conflict_in_the_lock_is_told_and_mended_by_taking_a_side |
| two runs at once | test_store_and_lock.py: test_two_runs_at_once_agree |
| Ctrl-C | test_stopping.py: test_a_run_that_is_stopped_in_the_middle_of_a_stage test_ctrl_c_twice |
| Ctrl-C at the start | test_stopping.py: test_ctrl_c_as_soon_as_a_run_says_something |
| Ctrl-C while reading | cli/test_bad_input.py: test_ctrl_c_ends_without_a_traceback |
| `kill -9` | test_stopping.py: test_a_run_that_is_killed_at_any_moment test_a_training_that_is_killed |
| `kill -9` of a worker | test_stopping.py: test_a_worker_that_is_killed_fails_its_stage |
| paths with spaces and letters | test_surroundings.py: test_a_spec_in_another_folder test_variables |
| EPIPE | test_surroundings.py: test_output_that_nobody_reads_ends_with_141 |
| closed streams | test_surroundings.py: test_streams_that_are_closed_full_or_unread |
| closed streams of `run.py` | test_surroundings.py: test_the_script_of_a_build_survives_its_streams |
| exit codes of `run.py` | test_surroundings.py: test_the_script_of_a_build_ends_with_the_same_codes |
| no git | test_surroundings.py: test_a_spec_in_another_folder |
| no HOME, LANG=C | test_surroundings.py: test_variables |
| a cache that cannot be used | test_disks.py: test_a_cache_that_cannot_be_used_only_costs_time |
| TERM=dumb, NO_COLOR, COLUMNS=20 | test_surroundings.py: test_terminals test_variables |
| a deleted folder | test_surroundings.py: test_a_folder_that_was_deleted |
| links | test_surroundings.py: test_links_in_the_place_of_files test_something_else_in_the_place_of_a_spec |
| a spec in another folder | test_surroundings.py: test_a_spec_in_another_folder |
| files where folders should be | test_disks.py: test_a_file_where_a_folder_should_be |
| edited files below `deploy` | cli/test_build.py: test_an_edited_file_is_made_anew_and_a_copy_of_it_kept |
| an unreachable store | test_networks.py: test_a_store_that_does_not_answer |
| an unreachable source | test_networks.py: test_a_source_that_does_not_answer |
| an unreachable tracker | test_networks.py: test_a_tracker_that_does_not_answer_is_one_line |
| credentials in addresses | test_networks.py: test_credentials_stay_in_the_spec_and_new_ones_run_nothing |
| asked: a missing column | serve/test_serve_requests.py: test_a_row_that_breaks_the_schema_is_told_with_its_column |
| asked: an extra column | serve/test_serve_requests.py: test_a_row_that_breaks_the_schema_is_told_with_its_column |
| asked: a wrong type | serve/test_serve_requests.py: test_a_row_that_breaks_the_schema_is_told_with_its_column |
| asked: NaN | serve/test_serve_requests.py: test_a_row_that_breaks_the_schema_is_told_with_its_column |
| asked: infinity | serve/test_serve_requests.py: test_a_row_that_breaks_the_schema_is_told_with_its_column |
| asked: out of range | serve/test_serve_requests.py: test_a_row_that_breaks_the_schema_is_told_with_its_column |
| asked: unknown category | serve/test_serve_requests.py: test_a_row_that_breaks_the_schema_is_told_with_its_column |
| asked: nothing | serve/test_serve_requests.py: test_a_body_that_cannot_be_read_is_told |
| asked: 50 MB | serve/test_serve_requests.py: test_a_body_of_50_mb_is_refused_before_it_is_read |
| asked: 50 MB in pieces | serve/test_serve_requests.py: test_a_body_without_a_length_is_read_up_to_the_limit |
| sent: 50 MB | serve/test_serve_requests.py: test_a_body_of_50_mb_from_a_client_that_sends_all_first_is_answered |
| asked: a wrong content type | serve/test_serve_requests.py: test_a_body_that_cannot_be_read_is_told |
| told: an unknown id | serve/test_serve_requests.py: test_feedback_that_is_not_as_it_should_be_is_refused_whole |
| told: a repeated id | serve/test_serve_requests.py: test_feedback_that_is_not_as_it_should_be_is_refused_whole |
| told early | serve/test_serve_loop.py: test_feedback_is_taken_before_its_prediction_is_flushed_and_by_another_router |
| a clock that goes backwards | serve/test_serve_faults.py: test_a_clock_that_goes_backwards_loses_nothing |
| a clock that goes backwards under the log | service/test_log_failures.py: test_a_clock_that_goes_back_loses_nothing |
| a model raises | serve/test_serve_faults.py: test_a_model_that_raises_is_an_error_of_that_request_alone |
| a model hangs | serve/test_serve_faults.py: test_a_model_that_hangs_is_ended_and_started_again |
| a model leaks memory | serve/test_serve_faults.py: test_a_worker_that_grows_is_replaced_without_a_pause |
| a model dies | serve/test_serve_faults.py: test_a_row_that_kills_the_model_takes_no_other_request_with_it |
| a broken newcomer | serve/test_serve_faults.py: test_a_challenger_that_cannot_load_is_told_and_the_champion_answers |
| the store is unreachable for a while | serve/test_serve_faults.py: test_the_store_may_go_away_for_a_while |
| `kill -9` of a router | service/test_log_failures.py: test_kill_loses_no_more_than_what_was_not_flushed |
| `kill -9` of a tick | release/test_release_crashes.py: test_a_tick_killed_at_any_state_is_made_good_by_the_next |
| `kill -9` of a monitor | monitor/test_kill.py: test_a_look_that_is_killed_at_any_write_is_taken_up |
| `kill -9` of a retraining | monitor/test_kill.py: test_a_retraining_that_is_killed_is_finished_and_counts_once |
| `kill -9` of all at once | together/test_kill_together.py: test_service_goes_on_whoever_is_killed_whenever |
| two ticks at once | release/test_release_crashes.py: test_of_two_ticks_at_once_one_moves_and_the_other_is_told |
| two rollbacks at once | release/test_release_crashes.py: test_two_who_go_back_at_once_go_back_one_version |
| two monitors at once | monitor/test_kill.py: test_two_monitors_at_once_do_everything_once |
| Ctrl-C in a rehearsal | rehearsal/test_rehearsals_stopped.py: test_ctrl_c_while_it_trains_ends_all_of_it |
| `kill -9` of a rehearsal | rehearsal/test_rehearsals_stopped.py: test_no_router_outlives_its_rehearsal |
| Ctrl-C in a retraining | monitor/test_kill.py: test_ctrl_c_in_a_retraining_ends_the_look_and_the_next_goes_on |
| many rehearsals at once | rehearsal/test_rehearsals_stopped.py: test_many_at_once_have_a_folder_each_and_lose_none |
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROWS = [line.strip("| ").split(" | ") for line in (__doc__ or "").splitlines() if ".py: " in line]


@pytest.mark.parametrize(("what", "tests"), ROWS, ids=[what for what, _ in ROWS])
def test_it_has_a_test(what: str, tests: str) -> None:
    file, _, names = tests.partition(": ")
    path = HERE.parent / file if "/" in file else HERE / file
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert set(names.split()) <= found, what
