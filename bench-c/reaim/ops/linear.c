// SPDX-License-Identifier: GPL-2.0-or-later
/* matrix_rtns and array_rtns: small dense matrices, of transformations and of linear systems. */
#include "reaim_op.h"

#include <math.h>
#include <string.h>

enum { POINTS = 100, SYSTEMS = 20, UNKNOWNS = 50, COORDINATES = 4 };

static const double tolerance = 1e-9;

typedef double transformation[COORDINATES][COORDINATES];
typedef double point[COORDINATES];

static void multiply(transformation product, const transformation a, const transformation b)
{
	for (int i = 0; i < COORDINATES; i++)
		for (int j = 0; j < COORDINATES; j++) {
			double sum = 0;
			for (int k = 0; k < COORDINATES; k++)
				sum += a[i][k] * b[k][j];
			product[i][j] = sum;
		}
}

/* (1 x 4) . (4 x 4) */
static void transform(point result, const point p, const transformation t)
{
	for (int j = 0; j < COORDINATES; j++) {
		double sum = 0;
		for (int k = 0; k < COORDINATES; k++)
			sum += p[k] * t[k][j];
		result[j] = sum;
	}
}

static void identity(transformation t)
{
	memset(t, 0, sizeof(transformation));
	for (int i = 0; i < COORDINATES; i++)
		t[i][i] = 1;
}

/* Turns the plane of axes a and b. */
static void rotation(transformation t, int a, int b, double angle)
{
	identity(t);
	t[a][a] = t[b][b] = cos(angle);
	t[a][b] = sin(angle);
	t[b][a] = -sin(angle);
}

/* `there` turns about each axis; `back` does the opposite, in the opposite order. */
static void make_pair(transformation there, transformation back, double angle)
{
	transformation step, product;

	identity(there);
	identity(back);
	for (int axis = 0; axis < 3; axis++) {
		rotation(step, axis, (axis + 1) % 3, angle);
		multiply(product, there, step);
		memcpy(there, product, sizeof(product));
		rotation(step, axis, (axis + 1) % 3, -angle);
		multiply(product, step, back);
		memcpy(back, product, sizeof(product));
	}
}

static int matrix_run(struct reaim_job *job)
{
	for (int i = 0; i < POINTS / 2; i++) {
		const point start = {i, 2.5, -0.5 * i, 1};
		transformation there, back;
		point moved, returned;

		make_pair(there, back, 0.1 + 0.02 * i);
		transform(moved, start, there);
		transform(returned, moved, back);
		for (int j = 0; j < COORDINATES; j++)
			if (!(fabs(returned[j] - start[j]) < tolerance))
				return reaim_fail(job, "point %d did not come back", i);
		reaim_did(job, 2);
	}
	return REAIM_OK;
}

struct linear_system {
	double matrix[UNKNOWNS][UNKNOWNS + 1]; /* the right-hand side is the last column */
};

static double chosen_unknown(int index)
{
	return 1 + 0.25 * index;
}

/* Any numbers will do; the right-hand side is made for the chosen unknowns. */
static void make_system(struct reaim_job *job, struct linear_system *system)
{
	for (int i = 0; i < UNKNOWNS; i++) {
		double sum = 0;
		for (int j = 0; j < UNKNOWNS; j++) {
			double noise = (double)reaim_random_below(job, 1000) / 1000;
			system->matrix[i][j] = noise + (i == j ? UNKNOWNS : 0);
			sum += system->matrix[i][j] * chosen_unknown(j);
		}
		system->matrix[i][UNKNOWNS] = sum;
	}
}

static void swap_rows(struct linear_system *system, int a, int b)
{
	for (int j = 0; j <= UNKNOWNS; j++) {
		double value = system->matrix[a][j];
		system->matrix[a][j] = system->matrix[b][j];
		system->matrix[b][j] = value;
	}
}

/* Gaussian elimination with partial pivoting; the unknowns replace the last column. */
static void solve(struct linear_system *system)
{
	double(*a)[UNKNOWNS + 1] = system->matrix;

	for (int column = 0; column < UNKNOWNS; column++) {
		int pivot = column;
		for (int i = column + 1; i < UNKNOWNS; i++)
			if (fabs(a[i][column]) > fabs(a[pivot][column]))
				pivot = i;
		if (pivot != column)
			swap_rows(system, pivot, column);
		for (int i = column + 1; i < UNKNOWNS; i++) {
			double factor = a[i][column] / a[column][column];
			for (int j = column; j <= UNKNOWNS; j++)
				a[i][j] -= factor * a[column][j];
		}
	}
	for (int i = UNKNOWNS - 1; i >= 0; i--) {
		for (int j = i + 1; j < UNKNOWNS; j++)
			a[i][UNKNOWNS] -= a[i][j] * a[j][UNKNOWNS];
		a[i][UNKNOWNS] /= a[i][i];
	}
}

static int array_run(struct reaim_job *job)
{
	struct linear_system *system = reaim_data(job);

	for (int i = 0; i < SYSTEMS; i++) {
		make_system(job, system);
		solve(system);
		for (int j = 0; j < UNKNOWNS; j++)
			if (!(fabs(system->matrix[j][UNKNOWNS] - chosen_unknown(j)) < tolerance))
				return reaim_fail(job, "system %d: unknown %d is %g instead of %g",
						  i, j, system->matrix[j][UNKNOWNS],
						  chosen_unknown(j));
		reaim_did(job, 1);
	}
	return REAIM_OK;
}

static const struct reaim_op matrix_rtns = {
	.name = "matrix_rtns",
	.unit = "Point Transformations",
	.doc = "Makes a rotation in space from three and the opposite one, and multiplies a point by "
	       "both, (1x4).(4x4): 100 transformations. Each point must come back to its place.",
	.operations = POINTS,
	.work_per_job = POINTS,
	.run = matrix_run,
};
REAIM_REGISTER(matrix_rtns);

static const struct reaim_op array_rtns = {
	.name = "array_rtns",
	.unit = "Linear Systems Solved",
	.doc = "Solves 20 systems of 50 linear equations by Gaussian elimination. The right-hand side "
	       "is made for chosen unknowns, which must come out within 1e-9.",
	.operations = SYSTEMS,
	.work_per_job = SYSTEMS,
	.data_size = sizeof(struct linear_system),
	.run = array_run,
};
REAIM_REGISTER(array_rtns);
