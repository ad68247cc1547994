// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * add_*, mul_*, div_*: chains of dependent operations on doubles, floats, longs, ints and
 * shorts, in loops of twelve. Each chain ends in a number that only the stated count of
 * operations gives: additions and integer products by their value, the others by a sum of
 * what stands at the end of every turn.
 * Source: the paper's Table 2; counts as in the released program.
 */
#include "reaim_op.h"

#include <inttypes.h>

enum { STEPS_PER_TURN = 12, STEPS_PER_THOUSAND = 1000 };

#define SIX(step_)    step_ step_ step_ step_ step_ step_
#define ELEVEN(step_) SIX(step_) step_ step_ step_ step_ step_
#define TWELVE(step_) ELEVEN(step_) step_

/* noipa: the loop must not know its operands. Integer chains hide each step, or they would be
 * folded into one; IEEE arithmetic may not be reassociated, and stays in its registers. */
#define CHAIN	      static __attribute__((noipa)) int64_t
#define LEAVE(value_) ((void)0)

/* Sums +3 and -2 in turn: one per pair, exact even in a float. */
#define ADD_CHAIN(name_, type_, hide_)                                                             \
	CHAIN add_##name_##_chain(type_ up, type_ down, uint64_t turns)                            \
	{                                                                                          \
		type_ sum = 0;                                                                     \
                                                                                                   \
		for (uint64_t i = 0; i < turns; i++) {                                             \
			SIX(sum = (type_)(sum + up); hide_(sum); sum = (type_)(sum + down);        \
			    hide_(sum);)                                                           \
		}                                                                                  \
		return (int64_t)sum;                                                               \
	}

/* Eleven times up and once down to where it was, which is exact in powers of two; what comes
 * back each turn is summed. */
#define MUL_FLOATING_CHAIN(name_, type_)                                                           \
	CHAIN mul_##name_##_chain(type_ up, type_ down, type_ product, uint64_t turns)             \
	{                                                                                          \
		int64_t sum = 0;                                                                   \
                                                                                                   \
		for (uint64_t i = 0; i < turns; i++) {                                             \
			ELEVEN(product *= up;)                                                     \
			product *= down;                                                           \
			sum += (int64_t)product;                                                   \
		}                                                                                  \
		return sum;                                                                        \
	}

/* A power of an odd number, modulo the size of an unsigned type. */
#define MUL_INTEGER_CHAIN(name_, type_)                                                            \
	CHAIN mul_##name_##_chain(type_ factor, uint64_t turns)                                    \
	{                                                                                          \
		type_ product = 1;                                                                 \
                                                                                                   \
		for (uint64_t i = 0; i < turns; i++) {                                             \
			TWELVE(product = (type_)((product + 0U) * factor); reaim_hide(product);)   \
		}                                                                                  \
		return (int64_t)product;                                                           \
	}

/* dividend / x / x ... with x the last quotient: two divisions come back to the start. */
#define DIV_CHAIN(name_, type_)                                                                    \
	CHAIN div_##name_##_chain(type_ dividend, type_ quotient, uint64_t turns)                  \
	{                                                                                          \
		int64_t sum = 0;                                                                   \
                                                                                                   \
		for (uint64_t i = 0; i < turns; i++) {                                             \
			TWELVE(quotient = (type_)(dividend / quotient);)                           \
			sum += (int64_t)quotient;                                                  \
		}                                                                                  \
		return sum;                                                                        \
	}

ADD_CHAIN(double, double, LEAVE)
ADD_CHAIN(float, float, LEAVE)
ADD_CHAIN(long, long, reaim_hide)
ADD_CHAIN(int, int, reaim_hide)
ADD_CHAIN(short, short, reaim_hide) /* gcc: a cast to short is modulo 2^16 */
MUL_FLOATING_CHAIN(double, double)
MUL_FLOATING_CHAIN(float, float)
MUL_INTEGER_CHAIN(long, unsigned long)
MUL_INTEGER_CHAIN(int, unsigned int)
MUL_INTEGER_CHAIN(short, unsigned short)
DIV_CHAIN(double, double)
DIV_CHAIN(float, float)
DIV_CHAIN(long, long)
DIV_CHAIN(int, int)
DIV_CHAIN(short, short)

static uint64_t turns_of(uint64_t thousands)
{
	return thousands * STEPS_PER_THOUSAND / STEPS_PER_TURN;
}

static int64_t pairs_of(uint64_t thousands)
{
	return (int64_t)(thousands * STEPS_PER_THOUSAND / 2);
}

/* By squaring, so that the chain is checked by other multiplications than its own. */
static uint64_t power(uint64_t base, uint64_t exponent)
{
	uint64_t result = 1;

	for (; exponent > 0; exponent /= 2) {
		if (exponent % 2 == 1)
			result *= base;
		base *= base;
	}
	return result;
}

static int check(struct reaim_job *job, int64_t result, int64_t expected)
{
	if (result != expected)
		return reaim_fail(job, "the chain ends in %" PRId64 " instead of %" PRId64, result,
				  expected);
	return REAIM_OK;
}

#define ARITHMETIC(name_, thousands_, unit_, doc_, result_, expected_)                             \
	static int name_##_run(struct reaim_job *job)                                              \
	{                                                                                          \
		const uint64_t thousands = thousands_;                                             \
                                                                                                   \
		return check(job, result_, expected_);                                             \
	}                                                                                          \
	static const struct reaim_op name_ = {                                                     \
		.name = #name_,                                                                    \
		.unit = "Thousand " unit_,                                                         \
		.doc = doc_,                                                                       \
		.operations = thousands_,                                                          \
		.run = name_##_run,                                                                \
	};                                                                                         \
	REAIM_REGISTER(name_)

#define ADD_OP(type_, value_type_, thousands_, unit_)                                              \
	ARITHMETIC(add_##type_, thousands_, unit_ " Additions",                                    \
		   "Adds 3 and -2 in turn to one sum, each addition waiting for the one before. "  \
		   "The sum must be half the number of additions (for shorts modulo 2^16).",       \
		   add_##type_##_chain(3, -2, turns_of(thousands)),                                \
		   (int64_t)(value_type_)pairs_of(thousands))

#define MUL_FLOATING_OP(type_, thousands_, unit_)                                                  \
	ARITHMETIC(mul_##type_, thousands_, unit_ " Multiplies",                                   \
		   "Multiplies one product by 2 eleven times and back by 2^-11, each "             \
		   "multiplication waiting for the one before. The product is exact; its sum "     \
		   "over all turns is checked.",                                                   \
		   mul_##type_##_chain(2, 0x1p-11F, 7919, turns_of(thousands)),                    \
		   7919 * (int64_t)turns_of(thousands))

#define MUL_INTEGER_OP(type_, value_type_, thousands_, unit_)                                      \
	ARITHMETIC(mul_##type_, thousands_, unit_ " Multiplies",                                   \
		   "Multiplies one product by an odd number, each multiplication waiting for the " \
		   "one before, unsigned. The power so computed is checked by repeated squaring.", \
		   mul_##type_##_chain(24693, turns_of(thousands)),                                \
		   (int64_t)(value_type_)power(24693, (thousands)*STEPS_PER_THOUSAND))

#define DIV_OP(type_, thousands_, start_, dividend_, unit_)                                        \
	ARITHMETIC(                                                                                \
		div_##type_, thousands_, unit_ " Divides",                                         \
		"Divides a constant by the last quotient, so that each division waits for the "    \
		"one before, and two come back to the start, exactly. The sum of the quotients "   \
		"over all turns is checked.",                                                      \
		div_##type_##_chain(dividend_, start_, turns_of(thousands)),                       \
		(start_) * (int64_t)turns_of(thousands))

ADD_OP(double, double, 18000, "Double Precision");
ADD_OP(float, float, 12000, "Single Precision");
ADD_OP(long, long, 60000, "Long Integer");
ADD_OP(int, int, 60000, "Integer");
ADD_OP(short, short, 24000, "Short Integer");
MUL_FLOATING_OP(double, 12000, "Double Precision");
MUL_FLOATING_OP(float, 12000, "Single Precision");
MUL_INTEGER_OP(long, unsigned long, 240, "Long Integer");
MUL_INTEGER_OP(int, unsigned int, 240, "Integer");
MUL_INTEGER_OP(short, unsigned short, 300, "Short Integer");
DIV_OP(double, 3000, 1009, 1009.0 * 4099.0, "Double Precision");
DIV_OP(float, 3000, 1009, 1009.0F * 4099.0F, "Single Precision");
DIV_OP(long, 900, INT64_C(2147483647), INT64_C(2147483647) * 4294967291, "Long Integer");
DIV_OP(int, 900, 46337, 46337 * 46309, "Integer");
DIV_OP(short, 900, 127, 127 * 251, "Short Integer");
