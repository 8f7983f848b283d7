/* SPDX-License-Identifier: BSD-2-Clause */
/* Verbs that move between views, and those of the terminal and of feature packages. */
#ifndef CLI_OPERATE_H
#define CLI_OPERATE_H

#include "base/text.h"
#include "cli/args.h"
#include "cli/session.h"

void operate_system_view(struct session *s, const struct args *args, struct text *out);
void operate_interface(struct session *s, const struct args *args, struct text *out);
void operate_quit(struct session *s, const struct args *args, struct text *out);
void operate_return(struct session *s, const struct args *args, struct text *out);
void operate_run(struct session *s, const struct args *args, struct text *out);
void operate_screen_length(struct session *s, const struct args *args, struct text *out);
void operate_machine(struct session *s, const struct args *args, struct text *out);
/* Accepted for the sake of programs that send it; there is nothing to do. */
void operate_nothing(struct session *s, const struct args *args, struct text *out);
void operate_reset_statistics(struct session *s, const struct args *args, struct text *out);
void operate_install(struct session *s, const struct args *args, struct text *out);
void operate_uninstall(struct session *s, const struct args *args, struct text *out);
void operate_display_features(struct session *s, const struct args *args, struct text *out);
void operate_display_version(struct session *s, const struct args *args, struct text *out);
/* The line that timestamp enable puts before a display. */
void operate_print_time(const struct session *s, struct text *out);
void operate_timestamp(struct session *s, const struct args *args, struct text *out);
void operate_display_history(struct session *s, const struct args *args, struct text *out);

#endif
