/* Figures of 101 pet cats, 18215 fixes. Made by model_figures.py; docs/SIMULATION.md explains them. */
#pragma once

/* clang-format off */

enum { FIGURE_QUANTILES = 20 };

static const double figure_interval_s[FIGURE_QUANTILES + 1] = {
	18, 182, 183, 184, 185, 186, 188,
	189, 192, 198, 208, 225, 271, 354.5,
	432, 592, 814.4, 1097, 1493, 2176, 3378,
};

static const double figure_gap_s[FIGURE_QUANTILES + 1] = {
	3638, 3980, 4334, 4766, 5257, 5810, 6408,
	7139, 8104, 9335, 1.073e+04, 1.242e+04, 1.43e+04, 1.663e+04,
	1.966e+04, 2.413e+04, 2.892e+04, 3.629e+04, 4.918e+04, 7.128e+04, 8.602e+04,
};

static const double figure_speed_mps[FIGURE_QUANTILES + 1] = {
	0.0464, 0.07111, 0.08373, 0.09014, 0.09728, 0.1059, 0.1149,
	0.1236, 0.1331, 0.1448, 0.1571, 0.1716, 0.187, 0.2062,
	0.2298, 0.2585, 0.2932, 0.3361, 0.405, 0.5208, 0.8867,
};

static const double figure_range_m[FIGURE_QUANTILES + 1] = {
	34.32, 50.91, 57.9, 65.55, 68.89, 73.16, 81.72,
	86.1, 90.23, 100.4, 103.5, 108.4, 116.7, 129.1,
	137.8, 147.3, 167.4, 235.4, 276.8, 366, 896.8,
};

static const double figure_spot_share[FIGURE_QUANTILES + 1] = {
	0.009941, 0.03948, 0.06337, 0.0868, 0.1098, 0.1334, 0.1576,
	0.183, 0.2093, 0.2383, 0.2719, 0.3076, 0.3482, 0.3942,
	0.4448, 0.5064, 0.5807, 0.6761, 0.8278, 1.004, 2.233,
};

static const double figure_outlier_m[FIGURE_QUANTILES + 1] = {
	0, 33.99, 53.57, 64.81, 89.88, 115.3, 138.5,
	168.9, 196.4, 222.5, 258.8, 300.1, 359.9, 441.8,
	536.5, 605.1, 940, 1253, 1856, 2937, 2.404e+04,
};

static const double figure_gap_share = 0.1402;
static const double figure_outlier_share = 0.01916;
static const double figure_error_m = 4.168;
static const double figure_rest_share = 0.4079;
static const double figure_rest_s = 633.7;
static const double figure_move_s = 756.3;
