/*
 * date.c -- the calendar, and the three ways in which mail writes it.
 */
#include "format/date.h"

#include "base/clock.h"

#include <stdio.h>

enum { TOKENS_MAX = 24, SECONDS_A_DAY = 86400 };

static const char month_names[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
static const char day_names[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

/* RFC 5322, 4.3, and the ones that European mailers write. Military letters are unknown zones. */
static const struct {
    const char *name;
    int minutes;
} zones[] = {
    { "UT", 0 },     { "UTC", 0 },    { "GMT", 0 },    { "Z", 0 },      { "EST", -300 }, { "EDT", -240 },
    { "CST", -360 }, { "CDT", -300 }, { "MST", -420 }, { "MDT", -360 }, { "PST", -480 }, { "PDT", -420 },
    { "WET", 0 },    { "WEST", 60 },  { "BST", 60 },   { "CET", 60 },   { "CEST", 120 }, { "MET", 60 },
    { "MEST", 120 }, { "EET", 120 },  { "EEST", 180 }, { "MSK", 180 },  { "JST", 540 },
};

int64_t date_days_of(int64_t year, int month, int day)
{
    int64_t era, year_of_era, day_of_year;

    year -= month <= 2;
    era = (year >= 0 ? year : year - 399) / 400;
    year_of_era = year - era * 400;
    day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

void date_of_days(int64_t days, int64_t *year_out, int *month_out, int *day_out)
{
    int64_t era, day_of_era, year_of_era, day_of_year, month;

    days += 719468;
    era = (days >= 0 ? days : days - 146096) / 146097;
    day_of_era = days - era * 146097;
    year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    month = (5 * day_of_year + 2) / 153;
    *day_out = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    *month_out = (int)(month < 10 ? month + 3 : month - 9);
    *year_out = year_of_era + era * 400 + (*month_out <= 2);
}

static int days_in_month(int64_t year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && is_leap);
}

struct clock_time {
    int64_t year;
    int month, day, hour, minute, second, zone;
};

static bool date_of_clock(const struct clock_time *t, struct date *date_out)
{
    int64_t seconds;

    if (t->year < 0 || t->year > 9999 || t->month < 1 || t->month > 12 || t->day < 1 ||
        t->day > days_in_month(t->year, t->month) || t->hour > 23 || t->minute > 59 || t->second > 60)
        return false;
    seconds = date_days_of(t->year, t->month, t->day) * SECONDS_A_DAY + t->hour * 3600 + t->minute * 60 +
              t->second - t->zone * 60;
    *date_out = (struct date){ .us = seconds * US_PER_S, .zone_minutes = t->zone };
    return true;
}

/* Within the years 0 to 9999, so that nothing below overflows and every year has four digits. */
static int64_t in_range(int64_t us, int zone_minutes)
{
    int64_t shift = (int64_t)zone_minutes * 60 * US_PER_S;
    int64_t lowest = date_days_of(0, 1, 1) * SECONDS_A_DAY * US_PER_S;
    int64_t highest = (date_days_of(10000, 1, 1) * SECONDS_A_DAY - 1) * US_PER_S;

    if (us < lowest + (shift < 0 ? -shift : 0))
        us = lowest + (shift < 0 ? -shift : 0);
    if (us > highest - (shift > 0 ? shift : 0))
        us = highest - (shift > 0 ? shift : 0);
    return us + shift;
}

static int64_t floor_div(int64_t value, int64_t divisor)
{
    int64_t quotient = value / divisor;

    return value % divisor < 0 ? quotient - 1 : quotient;
}

static struct clock_time clock_of_date(struct date date, int *week_day_out)
{
    struct clock_time t = { .zone = date.zone_minutes };
    int64_t seconds = floor_div(in_range(date.us, date.zone_minutes), US_PER_S);
    int64_t days = floor_div(seconds, SECONDS_A_DAY);
    int rest = (int)(seconds - days * SECONDS_A_DAY);

    date_of_days(days, &t.year, &t.month, &t.day);
    t.hour = rest / 3600;
    t.minute = rest / 60 % 60;
    t.second = rest % 60;
    *week_day_out = (int)(((days + 4) % 7 + 7) % 7);
    return t;
}

static int zone_of_digits(int minutes)
{
    int size = minutes < 0 ? -minutes : minutes;

    return size / 60 * 100 + size % 60;
}

static struct date sane_zone(struct date date)
{
    if (date.zone_minutes < -1439 || date.zone_minutes > 1439)
        date.zone_minutes = 0;
    return date;
}

size_t date_render(char out[DATE_TEXT_MAX], struct date date)
{
    int week_day;
    struct clock_time t = clock_of_date(sane_zone(date), &week_day);

    return (size_t)snprintf(out, DATE_TEXT_MAX, "%s, %02d %s %04d %02d:%02d:%02d %c%04d", day_names[week_day],
                            t.day, month_names[t.month - 1], (int)t.year, t.hour, t.minute, t.second,
                            t.zone < 0 ? '-' : '+', zone_of_digits(t.zone));
}

size_t date_render_imap(char out[DATE_TEXT_MAX], struct date date)
{
    int week_day;
    struct clock_time t = clock_of_date(sane_zone(date), &week_day);

    return (size_t)snprintf(out, DATE_TEXT_MAX, "%02d-%s-%04d %02d:%02d:%02d %c%04d", t.day,
                            month_names[t.month - 1], (int)t.year, t.hour, t.minute, t.second,
                            t.zone < 0 ? '-' : '+', zone_of_digits(t.zone));
}

size_t date_render_utc(char out[DATE_TEXT_MAX], int64_t us)
{
    int week_day;
    struct clock_time t = clock_of_date((struct date){ .us = us }, &week_day);
    int64_t fraction = in_range(us, 0) - floor_div(in_range(us, 0), US_PER_S) * US_PER_S;
    int length = snprintf(out, DATE_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d", (int)t.year, t.month, t.day,
                          t.hour, t.minute, t.second);

    if (fraction)
        length += snprintf(out + length, DATE_TEXT_MAX - (size_t)length, ".%06d", (int)fraction);
    length += snprintf(out + length, DATE_TEXT_MAX - (size_t)length, "Z");
    return (size_t)length;
}

int64_t date_day(struct date date)
{
    date = sane_zone(date);
    return floor_div(in_range(date.us, date.zone_minutes), SECONDS_A_DAY * US_PER_S);
}

/* Exactly `digits` digits. */
static bool take_digits(struct span *in, int digits, int *value_out)
{
    int value = 0;

    if (span_length(*in) < (size_t)digits)
        return false;
    for (int i = 0; i < digits; i++) {
        if (in->p[i] < '0' || in->p[i] > '9')
            return false;
        value = value * 10 + (in->p[i] - '0');
    }
    in->p += digits;
    *value_out = value;
    return true;
}

/* The first three letters count; 0 where they are no month. */
static int month_of(struct span word)
{
    for (int i = 0; i < 12; i++)
        if (span_length(word) >= 3 && span_equals_nocase(span_part(word, 0, 3), month_names[i]))
            return i + 1;
    return 0;
}

static bool take_imap_day(struct span *in, struct clock_time *t)
{
    int year;

    if (span_take_byte(in, ' ')) {
        if (!take_digits(in, 1, &t->day))
            return false;
    } else if (!take_digits(in, 2, &t->day) && !take_digits(in, 1, &t->day)) {
        return false;
    }
    if (!span_take_byte(in, '-') || (t->month = month_of(span_part(*in, 0, 3))) == 0)
        return false;
    in->p += 3;
    if (!span_take_byte(in, '-') || !take_digits(in, 4, &year))
        return false;
    t->year = year;
    return true;
}

static bool take_clock(struct span *in, struct clock_time *t)
{
    return take_digits(in, 2, &t->hour) && span_take_byte(in, ':') && take_digits(in, 2, &t->minute) &&
           span_take_byte(in, ':') && take_digits(in, 2, &t->second);
}

bool date_parse_imap(struct span text, struct date *date_out)
{
    struct clock_time t = { 0 };
    int hours, minutes, sign;

    if (!take_imap_day(&text, &t) || !span_take_byte(&text, ' ') || !take_clock(&text, &t) ||
        !span_take_byte(&text, ' '))
        return false;
    sign = span_take_byte(&text, '-') ? -1 : 1;
    if (sign == 1 && !span_take_byte(&text, '+'))
        return false;
    if (!take_digits(&text, 2, &hours) || !take_digits(&text, 2, &minutes) || !span_is_empty(text) ||
        hours > 23 || minutes > 59)
        return false;
    t.zone = sign * (hours * 60 + minutes);
    return date_of_clock(&t, date_out);
}

bool date_parse_imap_day(struct span text, int64_t *day_out)
{
    struct clock_time t = { 0 };
    struct date date;

    if (!take_imap_day(&text, &t) || !span_is_empty(text) || !date_of_clock(&t, &date))
        return false;
    *day_out = date_days_of(t.year, t.month, t.day);
    return true;
}

/* ".5", ".123456789": microseconds. */
static int64_t take_fraction(struct span *in)
{
    int64_t value = 0, weight = 100000;

    if (!span_take_byte(in, '.'))
        return 0;
    for (; in->p < in->end && *in->p >= '0' && *in->p <= '9'; in->p++, weight /= 10)
        value += weight * (*in->p - '0');
    return value;
}

static bool take_utc_zone(struct span *in, int *zone_out)
{
    int hours, minutes, sign;

    *zone_out = 0;
    if (span_take_byte(in, 'Z') || span_take_byte(in, 'z'))
        return true;
    sign = span_take_byte(in, '-') ? -1 : 1;
    if (sign == 1 && !span_take_byte(in, '+'))
        return false;
    if (!take_digits(in, 2, &hours) || !span_take_byte(in, ':') || !take_digits(in, 2, &minutes) ||
        hours > 23 || minutes > 59)
        return false;
    *zone_out = sign * (hours * 60 + minutes);
    return true;
}

bool date_parse_utc(struct span text, int64_t *us_out)
{
    struct clock_time t = { 0 };
    struct date date;
    int64_t fraction;
    int year;

    if (!take_digits(&text, 4, &year) || !span_take_byte(&text, '-') || !take_digits(&text, 2, &t.month) ||
        !span_take_byte(&text, '-') || !take_digits(&text, 2, &t.day) ||
        !(span_take_byte(&text, 'T') || span_take_byte(&text, 't') || span_take_byte(&text, ' ')) ||
        !take_clock(&text, &t))
        return false;
    fraction = take_fraction(&text);
    t.year = year;
    if (!take_utc_zone(&text, &t.zone) || !span_is_empty(text) || !date_of_clock(&t, &date))
        return false;
    *us_out = date.us + fraction;
    return true;
}

/* A date in a header is read as a row of words, numbers and the signs : + -; all else separates. */
struct token {
    enum { TOKEN_NONE, TOKEN_WORD, TOKEN_NUMBER, TOKEN_SIGN } kind;
    struct span text;
    int value; /* of a number of at most six digits */
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void skip_comment(struct span *in)
{
    for (int depth = 0; in->p < in->end; in->p++) {
        depth += *in->p == '(' ? 1 : *in->p == ')' ? -1 : 0;
        if (depth == 0) {
            in->p++;
            return;
        }
    }
}

static struct token take_token(struct span *in)
{
    struct token token = { .text = { in->p, in->p } };

    while (in->p < in->end && (is_letter(*in->p) || is_digit(*in->p)) &&
           (in->p == token.text.p || is_letter(*in->p) == is_letter(*token.text.p)))
        in->p++;
    token.text.end = in->p;
    token.kind = is_letter(*token.text.p) ? TOKEN_WORD : TOKEN_NUMBER;
    if (token.kind == TOKEN_NUMBER)
        for (const char *p = token.text.p; p < token.text.end && p < token.text.p + 6; p++)
            token.value = token.value * 10 + (*p - '0');
    return token;
}

static size_t tokenize(struct span in, struct token tokens[TOKENS_MAX])
{
    size_t count = 0;

    while (in.p < in.end && count < TOKENS_MAX) {
        if (*in.p == '(') {
            skip_comment(&in);
        } else if (is_letter(*in.p) || is_digit(*in.p)) {
            tokens[count++] = take_token(&in);
        } else {
            if (*in.p == ':' || *in.p == '+' || *in.p == '-')
                tokens[count++] = (struct token){ .kind = TOKEN_SIGN, .text = { in.p, in.p + 1 } };
            in.p++;
        }
    }
    return count;
}

struct tokens {
    struct token at[TOKENS_MAX + 1]; /* the last one is TOKEN_NONE */
    size_t next;
};

static const struct token *peek(const struct tokens *tokens)
{
    return &tokens->at[tokens->next];
}

static bool take_sign(struct tokens *tokens, char sign)
{
    if (peek(tokens)->kind != TOKEN_SIGN || *peek(tokens)->text.p != sign)
        return false;
    tokens->next++;
    return true;
}

static bool take_number(struct tokens *tokens, int *value_out)
{
    if (peek(tokens)->kind != TOKEN_NUMBER)
        return false;
    *value_out = tokens->at[tokens->next++].value;
    return true;
}

static bool take_month(struct tokens *tokens, int *month_out)
{
    if (peek(tokens)->kind != TOKEN_WORD || (*month_out = month_of(peek(tokens)->text)) == 0)
        return false;
    tokens->next++;
    return true;
}

/* RFC 5322, 4.3: two digits are 1950 to 2049, three digits count from 1900. */
static bool take_year(struct tokens *tokens, int64_t *year_out)
{
    size_t digits = span_length(peek(tokens)->text);
    int year;

    if (!take_number(tokens, &year) || digits < 2)
        return false;
    *year_out = digits == 2 ? year + (year < 50 ? 2000 : 1900) : digits == 3 ? year + 1900 : year;
    return true;
}

static bool take_time(struct tokens *tokens, struct clock_time *t)
{
    if (!take_number(tokens, &t->hour) || !take_sign(tokens, ':') || !take_number(tokens, &t->minute))
        return false;
    return !take_sign(tokens, ':') || take_number(tokens, &t->second);
}

static int zone_named(struct span name)
{
    for (size_t i = 0; i < COUNT_OF(zones); i++)
        if (span_equals_nocase(name, zones[i].name))
            return zones[i].minutes;
    return 0;
}

static void take_zone(struct tokens *tokens, struct clock_time *t)
{
    int sign, value, hours, minutes;

    if (peek(tokens)->kind == TOKEN_WORD) {
        t->zone = zone_named(tokens->at[tokens->next++].text);
        if (t->zone != 0 || peek(tokens)->kind != TOKEN_SIGN)
            return; /* "GMT+0100" goes on with its number */
    }
    sign = take_sign(tokens, '-') ? -1 : take_sign(tokens, '+') ? 1 : 0;
    if (sign == 0 || !take_number(tokens, &value))
        return;
    hours = value / 100;
    minutes = value % 100;
    if (take_sign(tokens, ':') && value < 100) {
        hours = value;
        minutes = 0;
        (void)(take_number(tokens, &minutes));
    }
    t->zone = hours <= 23 && minutes <= 59 ? sign * (hours * 60 + minutes) : 0;
}

bool date_parse(struct span text, struct date *date_out)
{
    struct tokens tokens = { .next = 0 };
    struct clock_time t = { 0 };
    size_t count = tokenize(text, tokens.at);

    tokens.at[count] = (struct token){ .kind = TOKEN_NONE };
    if (peek(&tokens)->kind == TOKEN_WORD && month_of(peek(&tokens)->text) == 0)
        tokens.next++;                   /* the day of the week */
    if (take_month(&tokens, &t.month)) { /* asctime: Nov 22 08:00:00 [zone] 2031 */
        if (!take_number(&tokens, &t.day) || !take_time(&tokens, &t))
            return false;
        if (peek(&tokens)->kind != TOKEN_NUMBER)
            take_zone(&tokens, &t);
        if (!take_year(&tokens, &t.year))
            return false;
        if (peek(&tokens)->kind != TOKEN_NONE)
            take_zone(&tokens, &t);
        return date_of_clock(&t, date_out);
    }
    if (!take_number(&tokens, &t.day))
        return false;
    (void)take_sign(&tokens, '-');
    if (!take_month(&tokens, &t.month))
        return false;
    (void)take_sign(&tokens, '-');
    if (!take_year(&tokens, &t.year))
        return false;
    if (peek(&tokens)->kind == TOKEN_NUMBER && !take_time(&tokens, &t))
        return false;
    take_zone(&tokens, &t);
    return date_of_clock(&t, date_out);
}
