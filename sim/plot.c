/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/plot.h"

#include <math.h>
#include <stdlib.h>

#include "base/auto.h"
#include "sim/measure.h"

#define WIDTH 960
#define PANEL 170
#define LEFT 90
#define TOP 26
#define INNER (WIDTH - LEFT - 20)
#define HEIGHT (PANEL - 44)
#define POINTS_MAX 1600 /* a panel; more would not be seen */

void plot_init(struct plot *p, const struct universe *u, int64_t from_ns)
{
	*p = (struct plot){.from_ns = from_ns};
	for (unsigned i = 0; i < u->host_count && p->count < PLOT_PANELS_MAX; i++) {
		const struct host_traits *t = &u->hosts[i]->traits;

		if (t->reference || (t->offset_ns == 0 && t->rate == 0.0 && t->wander == 0.0))
			continue;
		p->panels[p->count++].host = i;
	}
}

void plot_see(struct plot *p, const struct host *h, const struct gauge *g)
{
	for (unsigned i = 0; i < p->count; i++) {
		struct plot_panel *panel = &p->panels[i];

		if (panel->host != h->number)
			continue;
		if (panel->count == panel->room) {
			panel->room = panel->room ? panel->room * 2 : 1024;
			panel->gauges =
				auto_resize(panel->gauges, panel->room, sizeof *panel->gauges);
		}
		panel->gauges[panel->count++] = *g;
	}
}

/* ---- writing ---- */

struct frame {
	FILE *out;
	double top;    /* of the panel's inside */
	double end_ns; /* at the right edge */
	double high;   /* ns at the upper edge; minus that at the lower */
};

static double x_of(const struct frame *f, int64_t at_ns)
{
	return LEFT + INNER * (double)at_ns / f->end_ns;
}

static double y_of(const struct frame *f, double ns)
{
	double v = ns > f->high ? f->high : ns < -f->high ? -f->high : ns;

	return f->top + HEIGHT * (0.5 - 0.5 * v / f->high);
}

static void write_line(const struct frame *f, const struct plot_panel *p, const char *colour,
		       bool estimate)
{
	unsigned stride = p->count / POINTS_MAX + 1;
	bool pen = false;

	(void)fprintf(f->out, "<path fill=\"none\" stroke=\"%s\" d=\"", colour);
	for (unsigned i = 0; i < p->count; i += stride) {
		const struct gauge *g = &p->gauges[i];

		if (estimate && !g->synchronised) {
			pen = false;
			continue;
		}
		(void)fprintf(f->out, "%c%.1f %.1f", pen ? 'L' : 'M', x_of(f, g->at_ns),
			      y_of(f, (double)(estimate ? g->estimate_ns : g->offset_ns)));
		pen = true;
	}
	(void)fprintf(f->out, "\"/>\n");
}

/* What it admits to be wrong by, around what it believes. */
static void write_bound(const struct frame *f, const struct plot_panel *p)
{
	unsigned stride = p->count / POINTS_MAX + 1;

	(void)fprintf(f->out, "<path stroke=\"none\" fill=\"#cfe3f5\" d=\"");
	for (unsigned i = 0; i + stride < p->count; i += stride) {
		const struct gauge *g = &p->gauges[i];

		if (!g->synchronised)
			continue;
		double high = y_of(f, (double)(g->estimate_ns + g->bound_ns));
		double low = y_of(f, (double)(g->estimate_ns - g->bound_ns));

		(void)fprintf(f->out, "M%.1f %.1fV%.1fH%.1fV%.1fz", x_of(f, g->at_ns), high, low,
			      x_of(f, p->gauges[i + stride].at_ns), high);
	}
	(void)fprintf(f->out, "\"/>\n");
}

static double scale_of(const struct plot *p, const struct plot_panel *panel)
{
	double high = 10.0;

	for (unsigned i = 0; i < panel->count; i++) {
		const struct gauge *g = &panel->gauges[i];
		double offset = fabs((double)g->offset_ns);
		double bound = g->synchronised ? (double)g->bound_ns : 0.0;

		if (g->at_ns < p->from_ns)
			continue;
		if (offset > high)
			high = offset;
		if (bound > high && bound < 6.0 * offset)
			high = bound;
	}
	return high * 1.25;
}

static void write_panel(const struct plot *p, const struct universe *u, unsigned i, FILE *out)
{
	const struct plot_panel *panel = &p->panels[i];
	struct frame f = {out, TOP + PANEL * i, (double)u->now_ns, scale_of(p, panel)};
	char text[MEASURE_TEXT_MAX];

	(void)fprintf(out, "<text x=\"%d\" y=\"%.0f\" font-weight=\"bold\">%s</text>\n", LEFT,
		      f.top - 6, u->hosts[panel->host]->name);
	write_bound(&f, panel);
	(void)fprintf(out,
		      "<rect x=\"%d\" y=\"%.0f\" width=\"%d\" height=\"%d\" fill=\"none\" "
		      "stroke=\"#888\"/>\n<path stroke=\"#bbb\" d=\"M%d %.1fh%d\"/>\n",
		      LEFT, f.top, INNER, HEIGHT, LEFT, y_of(&f, 0.0), INNER);
	write_line(&f, panel, "#d08020", true);
	write_line(&f, panel, "#1060a0", false);
	for (int k = -1; k <= 1; k++) {
		double v = k * f.high * 0.8;

		(void)fprintf(out, "<text x=\"%d\" y=\"%.0f\" text-anchor=\"end\">%s</text>\n",
			      LEFT - 6, y_of(&f, v) + 4, measure_print_time(v, text));
	}
	for (int k = 0; k <= 4; k++) {
		int64_t at = u->now_ns / 4 * k;

		(void)fprintf(out,
			      "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"middle\">%lld s</text>\n",
			      x_of(&f, at), f.top + HEIGHT + 14,
			      (long long)((at + NS_PER_S / 2) / NS_PER_S));
	}
}

void plot_write(const struct plot *p, const struct universe *u, FILE *out)
{
	int height = TOP + PANEL * (int)p->count;

	(void)fprintf(out,
		      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		      "font-family=\"sans-serif\" font-size=\"11\">\n"
		      "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
		      "<text x=\"%d\" y=\"12\" text-anchor=\"end\">"
		      "<tspan fill=\"#1060a0\">true offset</tspan>, "
		      "<tspan fill=\"#d08020\">believed</tspan>, "
		      "<tspan fill=\"#7aa7cf\">bound</tspan>; seed %llu</text>\n",
		      WIDTH, height, WIDTH - 20, (unsigned long long)u->seed);
	for (unsigned i = 0; i < p->count; i++)
		write_panel(p, u, i, out);
	(void)fprintf(out, "</svg>\n");
}

void plot_fini(struct plot *p)
{
	for (unsigned i = 0; i < p->count; i++)
		free(p->panels[i].gauges);
	*p = (struct plot){0};
}
