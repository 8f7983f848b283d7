/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exp, log and the scaled complementary error function from + - x / alone, so that every
 * compiler and processor gives the same bits. Accurate to about 1e-14, not to the last place.
 */
#ifndef BASE_SPECIAL_H
#define BASE_SPECIAL_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define SPECIAL_LN2 0.69314718055994530942
#define SPECIAL_SQRT_PI 1.7724538509055160273
#define SPECIAL_PI 3.14159265358979323846

/* e^x; 0 below -700, e^700 above 700. */
static inline double special_exp(double x)
{
	if (!(x > -700.0))
		return 0.0;
	if (x > 700.0)
		x = 700.0;
	double k = floor(x / SPECIAL_LN2 + 0.5);
	/* ln 2 in two parts: k times the first is exact. */
	double r = (x - k * 0.693145751953125) - k * 1.42860682030941723212e-6;
	double p = 1.0;

	for (int i = 13; i > 0; i--)
		p = 1.0 + p * r / i;
	return ldexp(p, (int)k);
}

/* The natural logarithm of a positive normal number. */
static inline double special_log(double x)
{
	uint64_t bits;

	memcpy(&bits, &x, sizeof bits);
	int e = (int)(bits >> 52 & 0x7ff) - 1023;
	bits = (bits & UINT64_C(0x000fffffffffffff)) | UINT64_C(0x3ff0000000000000);
	double m;
	memcpy(&m, &bits, sizeof m);
	if (m > 1.41421356237309504880) {
		m *= 0.5;
		e++;
	}
	double s = (m - 1.0) / (m + 1.0);
	double q = s * s;
	double p = 0.0;

	for (int i = 23; i > 0; i -= 2)
		p = p * q + 1.0 / i;
	return 2.0 * s * p + e * SPECIAL_LN2;
}

/* e^(x^2) times 2 over sqrt pi times the integral of e^(-t^2) from x up; x not negative. */
static inline double special_erfcx(double x)
{
	if (x < 0.5) { /* e^(x^2) (1 - erf x), the power series of erf */
		double term = x;
		double sum = x;

		for (int n = 1; n < 14; n++) {
			term *= 2.0 * x * x / (2 * n + 1);
			sum += term;
		}
		return special_exp(x * x) - 2.0 / SPECIAL_SQRT_PI * sum;
	}
	/* The trapezoidal sum of step 1/2 with its pole removed (Matta and Reichel 1971). */
	static const double e_nn4[] = {
		0.7788007830714049,	0.36787944117144233,	0.10539922456186433,
		0.01831563888873418,	0.0019304541362277093,	0.00012340980408667956,
		4.785117392129009e-06,	1.1253517471925912e-07, 1.6052280551856116e-09,
		1.3887943864964021e-11, 7.287724095819693e-14,	2.3195228302435696e-16,
	};
	double sum = 0.5 / (x * x);

	for (int n = 1; n <= 12; n++)
		sum += e_nn4[n - 1] / (0.25 * n * n + x * x);
	double trapezoid = x * sum / SPECIAL_PI;
	if (x > 7.0)
		return trapezoid;
	return trapezoid - 2.0 * special_exp(x * x) / (special_exp(4.0 * SPECIAL_PI * x) - 1.0);
}

#endif
