// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * num_rtns_1, trig_rtns, series_1, new_raph: the mathematical library and arithmetic like it.
 * They run in user space alone. Every value is checked against another that must agree with it.
 */
#include "reaim_op.h"

#include <math.h>

enum {
	NUMERIC_FUNCTIONS = 100,
	NUMERIC_ARGUMENTS = 20,
	TRIG_TURNS = 1000,
	TRIG_FUNCTIONS = 10,
	SERIES = 100,
	TERMS_MAX = 200,
	ZEROS = 200,
	NEWTON_STEPS_MAX = 100,
};

static const double tolerance = 1e-10;

static bool close_to(double a, double b)
{
	return fabs(a - b) <= tolerance * fmax(1, fabs(b));
}

/* Functions and their inverses: what one makes the next takes back. */
static bool numeric_identities_hold(double x)
{
	double square = x * x;
	int exponent;
	double fraction = frexp(x, &exponent);

	return close_to(exp(log(x)), x) && close_to(sqrt(square), x) &&
	       close_to(pow(10, log10(x)), x) && close_to(cbrt(square * x), x) &&
	       close_to(ldexp(fraction, exponent), x) && close_to(floor(x) + fmod(x, 1), x) &&
	       close_to(hypot(3 * x, 4 * x), 5 * x) && close_to(expm1(log1p(x)), x);
}

static int numeric_run(struct reaim_job *job)
{
	for (int i = 0; i < NUMERIC_FUNCTIONS; i++) {
		for (int j = 1; j <= NUMERIC_ARGUMENTS; j++) {
			double x = 0.37 * j + 0.013 * i;
			if (!numeric_identities_hold(x))
				return reaim_fail(job, "numeric functions disagree about %g", x);
		}
		reaim_did(job, 1);
	}
	return REAIM_OK;
}

/* Ten calls, with an angle inside (0, pi/2) so that each has its inverse. It is read anew for
 * each, or the compiler would ask for sine and cosine in one call. */
static bool trig_identities_hold(const volatile double *angle)
{
	double sine = sin(*angle), cosine = cos(*angle), tangent = tan(*angle);
	double hyperbolic_sine = sinh(*angle), hyperbolic_cosine = cosh(*angle);

	return close_to(sine * sine + cosine * cosine, 1) && close_to(tangent * cosine, sine) &&
	       close_to(asin(sine), *angle) && close_to(acos(cosine), *angle) &&
	       close_to(atan(tangent), *angle) && close_to(atan2(sine, cosine), *angle) &&
	       close_to(tanh(*angle) * hyperbolic_cosine, hyperbolic_sine);
}

static int trig_run(struct reaim_job *job)
{
	for (int i = 0; i < TRIG_TURNS; i++) {
		double angle = 0.1 + 1.3 * i / TRIG_TURNS;
		if (!trig_identities_hold(&angle))
			return reaim_fail(job, "trigonometric functions disagree about %g", angle);
		reaim_did(job, TRIG_FUNCTIONS);
	}
	return REAIM_OK;
}

/* exp(x) = sum of x^n / n!, until a term no longer counts. */
static double exponential_series(double x)
{
	double sum = 1, term = 1;

	for (int n = 1; n < TERMS_MAX && term > sum * 1e-17; n++) {
		term *= x / n;
		sum += term;
	}
	return sum;
}

/* atanh(x) = sum of x^(2n+1) / (2n+1); slow where x is near 1. */
static double area_tangent_series(double x)
{
	double sum = 0, power = x;

	for (int n = 0; n < TERMS_MAX; n++) {
		sum += power / (2 * n + 1);
		power *= x * x;
	}
	return sum;
}

static int series_run(struct reaim_job *job)
{
	for (int i = 0; i < SERIES / 2; i++) {
		double x = 1 + 0.5 * i, y = 0.01 + 0.018 * i;
		if (!close_to(exponential_series(x), exp(x)))
			return reaim_fail(job, "the exponential series is wrong at %g", x);
		if (!close_to(area_tangent_series(y), atanh(y)))
			return reaim_fail(job, "the atanh series is wrong at %g", y);
		reaim_did(job, 2);
	}
	return REAIM_OK;
}

/* Kepler's equation E - e sin E = M, by Newton and Raphson's method from E = pi, where it
 * always converges. NaN if it did not. */
static double eccentric_anomaly(double mean_anomaly, double eccentricity)
{
	double anomaly = M_PI;

	for (int step = 0; step < NEWTON_STEPS_MAX; step++) {
		double value = anomaly - eccentricity * sin(anomaly) - mean_anomaly;
		if (fabs(value) < 1e-13)
			return anomaly;
		anomaly -= value / (1 - eccentricity * cos(anomaly));
	}
	return NAN;
}

/* The answer is chosen first, the equation made for it. */
static int newton_run(struct reaim_job *job)
{
	for (int i = 1; i <= ZEROS; i++) {
		double chosen = M_PI * i / (ZEROS + 1), eccentricity = 0.95 - 0.004 * i;
		double found = eccentric_anomaly(chosen - eccentricity * sin(chosen), eccentricity);
		if (!(fabs(found - chosen) < 1e-9)) /* also if it is not a number */
			return reaim_fail(job, "the zero at %g was found at %g", chosen, found);
		reaim_did(job, 1);
	}
	return REAIM_OK;
}

static const struct reaim_op num_rtns_1 = {
	.name = "num_rtns_1",
	.unit = "Numeric Functions",
	.doc = "Calls exp, log, sqrt, pow, cbrt, ldexp, fmod, hypot and others on 20 arguments, 100 "
	       "times. Inverse functions must give the argument back.",
	.operations = NUMERIC_FUNCTIONS,
	.work_per_job = NUMERIC_FUNCTIONS,
	.run = numeric_run,
};
REAIM_REGISTER(num_rtns_1);

static const struct reaim_op trig_rtns = {
	.name = "trig_rtns",
	.unit = "Trigonometric Functions",
	.doc = "Calls ten trigonometric and hyperbolic functions on 1,000 angles: 10,000 calls. They "
	       "must agree with each other within 1e-10.",
	.operations = TRIG_TURNS * TRIG_FUNCTIONS,
	.work_per_job = TRIG_TURNS * TRIG_FUNCTIONS,
	.run = trig_run,
};
REAIM_REGISTER(trig_rtns);

static const struct reaim_op series_1 = {
	.name = "series_1",
	.unit = "Series Evaluations",
	.doc = "Sums the power series of exp and atanh at 50 places each. Each sum must agree with the "
	       "mathematical library within 1e-10.",
	.operations = SERIES,
	.work_per_job = SERIES,
	.run = series_run,
};
REAIM_REGISTER(series_1);

static const struct reaim_op new_raph = {
	.name = "new_raph",
	.unit = "Zeros Found",
	.doc = "Solves Kepler's equation 200 times by Newton's and Raphson's method. The answer was "
	       "chosen beforehand and must be found within 1e-9.",
	.operations = ZEROS,
	.work_per_job = ZEROS,
	.run = newton_run,
};
REAIM_REGISTER(new_raph);
