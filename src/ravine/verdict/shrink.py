r"""One joint posterior of all methods' expected scores, shrunk toward each other."""

import numpy as np
from scipy.linalg import helmert
from scipy.special import ndtr

from . import crossed as C
from .crossed import Moments, Squares, pairs

LEAST = 0.25
JOINT_DF = 24.0
SCALES = np.array([0.02, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
BASE = np.array([0.30, 0.10, 0.15, 0.15, 0.10, 0.07, 0.05, 0.04, 0.02, 0.02])
ALPHA = 1.0
FACTOR = True
MH = 1
LW = 1
JS = 1
PHI = True


def diag(a): return np.einsum("...aa->...a", a)
T_ = lambda a: a.swapaxes(-1, -2)


def clip_eig(a, low):
    w, u = np.linalg.eigh(a)
    return (u * np.maximum(w, low[..., None])[..., None, :]) @ T_(u)


def examples_part(res, ex, eff):
    """Gb*SE, PSD: Ledoit-Wolf in residual-whitened space"""
    p = res.shape[-1]
    L = np.linalg.cholesky(res)
    Li = np.linalg.inv(L)
    lam, u = np.linalg.eigh(Li @ ex @ T_(Li))
    bar = lam.mean(-1, keepdims=True)
    var = lam.var(-1, keepdims=True)
    noise = bar**2 * (p + 1) / eff[..., None]
    w = np.maximum(0, 1 - noise / np.maximum(var, 1e-300))
    if JS:
        ex_ = bar - 1
        sd2 = JS * 2 * bar**2 / (p * eff[..., None])
        bar2 = 1 + np.maximum(ex_, 0) * np.maximum(0, 1 - sd2 / np.maximum(ex_**2, 1e-300))
    else: bar2 = bar
    lam = np.maximum(bar2 + w * (lam - bar) - 1, 0)
    B = L @ u
    return (B * lam[..., None, :]) @ T_(B)


def factor(sq, pooled):
    own = sq.seeds_count - 1
    prior = C.prior_seeds(sq)
    w = C._weights(sq.seeds / prior, own, (pooled, C.LOOSE_DF), C.POOLED_SHARE)
    parts = np.stack([(d * prior + own * sq.seeds) / (d + own) for d in (pooled, C.LOOSE_DF)])
    return (w * parts).sum(0) if FACTOR else prior


class Chance:
    def __init__(self, sums, rng, chains):
        M = sums.mean.shape[-1]; S, E = sums.seeds_count, sums.examples_count
        self.S, self.cells, self.rng, self.chains = S, S * E, rng, chains
        H = self.H = helmert(M)
        own = S - 1
        c = lambda x: H @ x @ H.T
        floor = (LEAST * sums.worth) ** 2 * S / E / 2
        ex = clip_eig(c(sums.examples) / (E - 1), floor)
        if not own:
            self.psi = None; self.free = ex; return
        res = clip_eig(c(sums.residual) / (own * (E - 1)), floor)
        if LW:
            lam, u = np.linalg.eigh(res)
            bar = lam.mean(-1, keepdims=True); var = lam.var(-1, keepdims=True)
            noise = bar**2 * M / (sums.agreement * (1 + 2 / (M - 1)) * own)[..., None]
            w = np.maximum(0, 1 - LW*noise / np.maximum(var, 1e-300))
            res = (u * (bar + w * (lam - bar))[..., None, :]) @ T_(u)
        self.free = examples_part(res, ex, sums.agreement * (1 + 2 / max(M - 1, 1)))
        pooled = JOINT_DF if M > 2 else 0
        seeds = c(sums.seeds)
        if pooled > 0:
            rm = H.T @ res @ H
            sq = Squares(diag(H.T @ seeds @ H) / own, 0 * diag(rm), diag(rm), S, E)
            root = np.sqrt(factor(sq, pooled) / diag(rm))
            prior = c(root[..., None] * rm * root[..., None, :])
        else:
            prior = 0 * res
        self.parts = pooled * prior, seeds + 1e-6 * floor[..., None, None] * np.eye(M - 1)
        self.psi = np.linalg.cholesky(sum(self.parts)); self.fdf = (M - 1) * own
        self.nu = pooled + own + M - 2

    def draw(self):
        if self.psi is None:
            ga = np.zeros((self.chains, *self.free.shape))
        else:
            psi = self.psi
            if PHI:
                phi = self.fdf / self.rng.chisquare(self.fdf, (self.chains, *self.free.shape[:-2]))
                psi = np.linalg.cholesky(self.parts[0] * phi[..., None, None] + self.parts[1])
            ga = inverse_wishart(psi, self.nu, self.rng, self.chains) / self.cells
        return ga, ga + self.free / self.cells


def inverse_wishart(L, nu, rng, chains):
    p = L.shape[-1]
    shape = L.shape if L.ndim > 3 else (chains, *L.shape)
    T = np.tril(rng.standard_normal(shape), -1)
    i = np.arange(p)
    T[..., i, i] = np.sqrt(rng.chisquare(nu - i, shape[:-1]))
    A = L @ T_(np.linalg.inv(T))
    return A @ T_(A)


def believe(sums: Moments, rng, chains=64, burn=15, keep=30):
    M = sums.mean.shape[-1]; S = sums.seeds_count
    ch = Chance(sums, rng, chains); H = ch.H
    first, second = pairs(M)
    y = sums.mean - sums.mean.mean(-1, keepdims=True)
    y = np.broadcast_to(y, (chains, *y.shape)); yc = (y @ H.T)[..., None]
    J = len(SCALES)
    def pv(A):
        d = diag(A)
        return np.maximum(d[..., first] + d[..., second] - 2 * A[..., first, second], 1e-300)
    def pvc(A): return pv(H.T @ A @ H)
    unit_of = lambda v: np.median(pvc(v), -1) / 2
    def loglik(v, g):
        W = v + (H * g[..., None, :]) @ H.T
        Wi = np.linalg.inv(W)
        return Wi, 0.5 * np.linalg.slogdet(Wi)[1] - 0.5 * (T_(yc) @ Wi @ yc)[..., 0, 0]
    ga_c, v_c = ch.draw()
    unit = unit_of(v_c)
    z = rng.choice(J, size=(*unit.shape, 1), p=BASE) * np.ones(M, int)
    count = (z[..., None] == np.arange(J)).sum(-2)
    def take(j): return np.take_along_axis(g2, j, -1)
    pe = pn = 0; best = 0; m1 = 0; acc = 0
    half = sums.step[..., None] / 2
    for it in range(burn + keep):
        g2 = SCALES**2 * unit[..., None]
        g = take(z)
        Wi, ll = loglik(v_c, g)
        for _ in range(MH if it else 0):
            ga2, v2 = ch.draw(); unit2 = unit_of(v2)
            Wi2, ll2 = loglik(v2, g / unit[..., None] * unit2[..., None])
            ok = np.log(rng.random(ll.shape)) < ll2 - ll
            acc += ok.mean()
            o = ok[..., None, None]
            ga_c, v_c, Wi = np.where(o, ga2, ga_c), np.where(o, v2, v_c), np.where(o, Wi2, Wi)
            unit, ll = np.where(ok, unit2, unit), np.where(ok, ll2, ll)
            g2 = SCALES**2 * unit[..., None]; g = take(z)
        P = H.T @ Wi @ H
        Py = (P @ y[..., None])[..., 0]
        for m in range(M):
            zm = z[..., m, None]
            count = count - (zm == np.arange(J))
            old = take(zm)
            d = g2 - old
            den = 1 + d * P[..., m, m, None]
            lw = -0.5 * np.log(den) + 0.5 * d * Py[..., m, None] ** 2 / den + np.log(ALPHA * BASE + count)
            j = (lw + rng.gumbel(size=lw.shape)).argmax(-1)[..., None]
            dd = take(j) - old
            f = dd / (1 + dd * P[..., m, m, None])
            Pm = P[..., m, :].copy(); pym = Py[..., m, None].copy()
            P = P - f[..., None] * Pm[..., :, None] * Pm[..., None, :]
            Py = Py - f * pym * Pm
            z[..., m] = j[..., 0]
            count = count + (j == np.arange(J))
        if it >= burn:
            V = H.T @ v_c @ H; Ga = H.T @ ga_c @ H
            g = take(z)
            VP = V @ P
            mean = y - (VP @ y[..., None])[..., 0]
            C_ = V - VP @ V
            dm = mean[..., first] - mean[..., second]
            sd = np.sqrt(pv(C_))
            pe = pe + ndtr(dm / sd).mean(0)
            m1 = m1 + dm.mean(0)
            GP = Ga @ P
            nm = y - (GP @ y[..., None])[..., 0]
            nd = nm[..., first] - nm[..., second]
            ns = np.sqrt(pv((S + 1) * Ga - GP @ Ga))
            pn = pn + 0.5 * (ndtr((nd - half) / ns) + ndtr((nd + half) / ns)).mean(0)
            t = np.sqrt(g) * rng.standard_normal(g.shape)
            e = (H.T @ (np.linalg.cholesky(v_c) @ rng.standard_normal((*g.shape[:-1], M - 1))[..., None]))[..., 0]
            r = t + e
            dev = t - r + (VP @ r[..., None])[..., 0]
            for sgn in (1, -1):
                th = mean + sgn * dev
                best = best + (th.argmax(-1)[..., None] == np.arange(M)).mean(0)
    believe.acc = acc / max(1, MH * (burn + keep))
    return pe / keep, pn / keep, best / (2 * keep), m1 / keep
