/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verbs.h"

#include "cli/filing.h"
#include "cli/inspect.h"
#include "cli/lists.h"
#include "cli/operate.h"
#include "cli/transaction.h"

#define IFNAME "<interface-name:ifname> [ <interface-number:ifnumber> ]"
#define SHOW (VERB_LOOK | VERB_SHOW)

const struct verb_row verbs[] = {
	/* Views. */
	{VIEW_USER | VIEW_SYSTEM, VERB_LOAD, "system-view [ immediately ]", operate_system_view},
	{VIEW_SYSTEM, VERB_LOAD, "interface " IFNAME, operate_interface},
	{VIEW_ALL, VERB_LOOK | VERB_LOAD, "quit/exit", operate_quit},
	{VIEW_ALL, VERB_LOOK | VERB_LOAD, "return", operate_return},
	{VIEW_CONFIGURE, 0, "run <command:rest 1-3000>", operate_run},

	/* Transactions. */
	{VIEW_CONFIGURE, VERB_LOAD,
	 "commit [ trial [ <trial-time:60-65535> ] ] [ label <label:label> ] "
	 "[ persist <persist-id:string 1-256> ] "
	 "[ description/comment <description:rest 1-60> ]",
	 transaction_run_commit},
	{VIEW_CONFIGURE, 0,
	 "abort trial [ session <session-id:0-65535> | persist <persist-id:string 1-256> ]",
	 transaction_abort_trial},
	{VIEW_CONFIGURE, 0, "clear configuration candidate", transaction_clear},
	{VIEW_SYSTEM, 0, "clear configuration interface " IFNAME, transaction_clear_interface},
	{VIEW_CONFIGURE, 0, "refresh configuration candidate", transaction_refresh},
	{VIEW_ALL, 0, "configuration exclusive [ by-user-name ] [ timeout <timeout-value:1-7200> ]",
	 transaction_lock},
	{VIEW_ALL, 0, "undo configuration exclusive", transaction_unlock},
	{VIEW_ALL, 0,
	 "rollback configuration { to { commit-id <commit-id:u32 1-4294967295> | "
	 "label <label:label> | file <file-name:string 5-64> } | last <count:1-80> }",
	 transaction_rollback},
	{VIEW_ALL, 0, "save [ <file-name:string 5-64> ]", transaction_save},
	{VIEW_ALL, 0,
	 "set configuration commit <commit-id:u32 1-4294967295> label <new-label:label>",
	 transaction_set_label},
	{VIEW_ALL, 0, "clear configuration commit <commit-id:u32 1-4294967295> label",
	 transaction_clear_label},
	{VIEW_ALL, 0, "clear configuration commit oldest <count:1-80>", transaction_forget},

	/* Configuration, shown. */
	{VIEW_ALL, SHOW | VERB_JSON, "display this [ include-default ]", inspect_this},
	{VIEW_ALL, SHOW | VERB_JSON,
	 "display current-configuration [ all | inactive | configuration { interface | system } | "
	 "interface " IFNAME " ] [ include-default ]",
	 inspect_current},
	{VIEW_ALL, SHOW | VERB_JSON,
	 "display acl { all | [ ipv6 ] <acl-number:2000-2999> | [ ipv6 ] name <acl-name:aclname> }",
	 lists_display},
	{VIEW_ALL, SHOW, "display saved-configuration [ last | time ]", inspect_saved},
	{VIEW_ALL, SHOW, "display configuration <file-name:string 5-64>", inspect_file},
	{VIEW_ALL, SHOW | VERB_JSON, "display configuration candidate [ merge | changes ]",
	 inspect_candidate},
	{VIEW_ALL, SHOW,
	 "display configuration changes [ running file <file-name:string 5-64> | "
	 "file <old-file:string 5-64> running | running label <label:label> | "
	 "label <old-label:label> running ]",
	 inspect_changes},
	{VIEW_ALL, SHOW, "compare configuration [ <file-name:string 5-64> ]", inspect_compare},
	{VIEW_ALL, SHOW | VERB_JSON,
	 "display configuration commit list [ verbose ] [ <count:1-100> | label <label:label> ]",
	 inspect_commit_list},
	{VIEW_ALL, SHOW,
	 "display configuration commit changes [ at <commit-id:u32 1-4294967295> | "
	 "since <commit-id:u32 1-4294967295> | last <count:1-80> | <count:1-80> ]",
	 inspect_commit_changes},
	{VIEW_ALL, SHOW, "display configuration commit at <commit-id:u32 1-4294967295>",
	 inspect_commit_at},
	{VIEW_ALL, SHOW | VERB_JSON, "display configuration trial status", inspect_who_trial},
	{VIEW_ALL, SHOW | VERB_JSON, "display configuration exclusive user", inspect_who_lock},
	{VIEW_ALL, SHOW | VERB_JSON, "display configuration rollback result", inspect_who_rollback},
	{VIEW_ALL, SHOW | VERB_JSON, "display configuration sessions [ verbose ]",
	 inspect_who_sessions},
	{VIEW_ALL, SHOW | VERB_JSON, "display history-command", operate_display_history},
	{VIEW_ALL, SHOW | VERB_JSON, "display version", operate_display_version},

	/* Files. */
	{VIEW_USER, SHOW | VERB_JSON, "dir [ <file-name:string 5-64> ]", filing_dir},
	{VIEW_USER, SHOW, "more <file-name:string 5-64>", filing_more},
	{VIEW_USER, 0, "delete [ /unreserved ] [ /quiet ] <file-name:string 5-64>", filing_delete},

	/* Packages. */
	{VIEW_USER, 0, "install feature-software <package-name:string 1-127>", operate_install},
	{VIEW_USER, 0, "uninstall feature-software <package-name:string 1-127>", operate_uninstall},
	{VIEW_ALL, SHOW | VERB_JSON, "display startup feature-software", operate_display_features},

	/* Counters. */
	{VIEW_USER, 0, "reset ntp/ntp-service statistics packet", operate_reset_statistics},

	/* Terminal. */
	{VIEW_ALL, VERB_LOOK, "screen-length <screen-lines:0-512> temporary",
	 operate_screen_length},
	{VIEW_ALL, VERB_LOOK | VERB_HIDDEN, "mmi-mode enable", operate_machine},
	{VIEW_ALL, VERB_LOOK | VERB_HIDDEN, "undo mmi-mode enable", operate_machine},
	{VIEW_ALL, VERB_LOOK | VERB_HIDDEN, "screen-width <columns:60-512>", operate_nothing},
	{VIEW_ALL, VERB_LOOK | VERB_HIDDEN, "terminal { monitor | echo-mode { line | character } }",
	 operate_nothing},
	{VIEW_ALL, VERB_LOOK | VERB_HIDDEN, "undo terminal monitor", operate_nothing},
	{VIEW_ALL, VERB_LOOK | VERB_HIDDEN, "timestamp enable", operate_timestamp},
	{VIEW_ALL, VERB_LOOK | VERB_HIDDEN, "undo timestamp enable", operate_timestamp},
};
const unsigned verb_count = sizeof verbs / sizeof *verbs;
