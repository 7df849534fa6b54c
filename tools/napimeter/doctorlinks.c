// SPDX-License-Identifier: GPL-2.0
/*
 * The other interfaces. The counters of IP and UDP cover all interfaces of a network namespace, so
 * a loss that they count is not always one of the NIC that doctor looks at.
 */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctorjudge.h"

#define DEPTH 8		/* of interfaces above each other; the kernel's own bound */
#define FEW 0.01	/* of the packets: a filter at work, a scan, a late answer */
#define SLOW 5		/* packets a second: announcements (mDNS, SSDP) that no program here wants */
#define SKEW 0.05	/* the counters are not read at once */
#define SURE 0.1	/* of the loss: more than chance */
#define ALL " The counter covers all interfaces: %.0f packets came on others, most on %s"

/* ---- reading ---- */

/* Name of the next interface above ("upper_") or below ("lower_"); NULL: no more. */
static const char *next_of(DIR *dir, const char *prefix)
{
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, prefix, strlen(prefix)))
			return entry->d_name + strlen(prefix);
	return NULL;
}

static DIR *open_link(const char *name)
{
	char *path = xasprintf("/sys/class/net/%s", name);
	DIR *dir = opendir(path);

	free(path);
	return dir;
}

static bool has(const char *name, const char *prefix)
{
	DIR *dir = open_link(name);
	bool found = next_of(dir, prefix);

	if (dir)
		closedir(dir);
	return found;
}

/* One of the interfaces that `upper`, a bridge or the like, is made of. */
static bool is_below(const char *upper, const char *name, int depth)
{
	DIR *dir = open_link(upper);
	bool found = false;
	const char *lower;

	while (!found && (lower = next_of(dir, "lower_")))
		found = !strcmp(lower, name) || (depth && is_below(lower, name, depth - 1));
	if (dir)
		closedir(dir);
	return found;
}

void exam_parse_dev(struct exam *exam, const char *text)
{
	size_t room = exam->links;

	for (; text && *text; text = next_line(text)) {
		unsigned long long in, out;
		struct exam_link *link;
		char name[IFNAMSIZ];

		if (sscanf(text, " %15[^: ]: %*u %llu %*u %*u %*u %*u %*u %*u %*u %llu", name, &in, &out) != 3)
			continue;
		exam->link = grow(exam->link, exam->links, &room, sizeof(*link));
		link = &exam->link[exam->links++];
		*link = (struct exam_link){ .received = in, .sent = out };
		memcpy(link->name, name, sizeof(name));
	}
}

void exam_links(struct exam *exam, const char *interface)
{
	char *text = read_file("/proc/net/dev");
	size_t i, n = 0;

	exam_parse_dev(exam, text);
	free(text);
	for (i = 0; i < exam->links; i++) {
		struct exam_link *link = &exam->link[i];

		/* a bridge or VLAN counts the packets of those below it again */
		if (has(link->name, "lower_"))
			continue;
		link->other = strcmp(link->name, interface) && !is_below(interface, link->name, DEPTH);
		exam->link[n++] = *link;
	}
	exam->links = n;
}

bool exam_has_upper(const char *interface)
{
	return has(interface, "upper_");
}

/* ---- judging ---- */

static const struct exam_link *link_before(const struct patient *p, const char *name)
{
	static const struct exam_link none;
	size_t i;

	for (i = 0; i < p->before.links; i++)
		if (!strcmp(p->before.link[i].name, name))
			return &p->before.link[i];
	return &none;
}

double others_received(const struct patient *p, const char **busiest)
{
	double sum = 0, most = 0;
	size_t i;

	*busiest = "";
	for (i = 0; i < p->after.links; i++) {
		const struct exam_link *a = &p->after.link[i];
		double grew = a->received - link_before(p, a->name)->received;

		if (!a->other || !(grew > 0))
			continue;
		sum += grew;
		if (grew > most) {
			most = grew;
			*busiest = a->name;
		}
	}
	return sum;
}

double links_sent(const struct patient *p)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < p->after.links; i++)
		if (strcmp(p->after.link[i].name, "lo"))
			sum += fmax(p->after.link[i].sent - link_before(p, p->after.link[i].name)->sent, 0);
	return sum;
}

double few_packets(const struct patient *p)
{
	return fmax(FEW * GREW(p, received), SLOW * (p->after.mono - p->before.mono) / 1e9);
}

double share_lost(const struct patient *p, const struct finding *f)
{
	double all = GREW(p, received) + (!strcmp(f->place, "ring") ? f->packets : 0);
	const char *busiest;

	if (f->shared)
		all += others_received(p, &busiest);
	return all > 0 ? 100 * fmin(f->packets / all, 1) : 100;
}

void judge_shared(struct finding *f, const struct patient *p, double sure)
{
	double own = GREW(p, received), lost = f->packets, others;
	const char *busiest;

	others = others_received(p, &busiest);
	if (f->harmless || others <= FEW * lost)
		return;
	sure = fmax(sure, lost - others);
	if (sure > SURE * lost) {
		if (lost > own * (1 + SKEW))
			f->packets = fmin(sure, own);
		finding_limit(f, f->limit, ALL ".", others, busiest);
		return;
	}
	f->shared = true;
	if (lost > own * (1 + SKEW)) {
		finding_limit(f, NULL, " More than came on %s: %.0f came on other interfaces, most on %s.",
			      p->facts.interface, others, busiest);
		judge_elsewhere(f, busiest);
	} else {
		finding_limit(f, f->limit, ALL ", and the loss may be theirs.", others, busiest);
	}
}

void judge_elsewhere(struct finding *f, const char *busiest)
{
	f->harmless = f->elsewhere = f->shared = true;
	finding_next(f, "e1000-napi doctor %s", busiest);
}
