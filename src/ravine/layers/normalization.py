"""Batch normalization, written out with its gradients; the readable reference of PyTorch's fast ones.

In training every channel is brought to mean 0 and variance 1 over the n values that the batch has in it, examples
times places, and then to a mean and scale of its own, which are learned:

    mu      = mean of x,    sigma^2 = mean of (x - mu)^2
    x_hat   = (x - mu) / sqrt(sigma^2 + eps)
    y       = gamma x_hat + beta

mu and sigma depend on every x of the channel, so that the gradient toward x has three parts: what comes straight,
less its mean (through mu), less its projection on x_hat (through sigma). With g = dL/dy,

    dL/dbeta  = sum of g
    dL/dgamma = sum of g x_hat
    dL/dx     = gamma / sqrt(sigma^2 + eps) (g - mean of g - x_hat times the mean of g x_hat)

so that a constant added to all x of a channel, or a factor, changes nothing and gets no gradient. At test a prediction
must not depend on who else is in the batch: there mu and sigma^2 are running averages from training,

    running <- (1 - momentum) running + momentum (that of the batch)

where the variance goes in unbiased, n / (n - 1) sigma^2, as in PyTorch, though the batch is divided by the biased one.
(`momentum` here is the weight of the new, one minus what optimizers call so.)

Ioffe & Szegedy 2015, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift",
algorithms 1 and 2, and section 3 for the gradients. https://arxiv.org/abs/1502.03167

    >>> norm = BatchNorm(1)
    >>> norm(torch.tensor([[1.0], [3.0]])).flatten().tolist()  # mean 2, variance 1: -1 and 1, but for eps
    [-0.99999..., 0.99999...]
    >>> norm.running_mean.item(), norm.running_var.item()  # a tenth of the batch's 2, and 0.9 * 1 + 0.1 * 2
    (0.2000000..., 1.1000000...)
"""

from typing import Any

import torch
from torch import Tensor, nn

from ..errors import RavineError
from .written import Written


def over_channels(x: Tensor) -> list[int]:
    """Names the dimensions that a channel's values lie in: all but the second of `[b, C, ...]`.

    Args:
        x: Any maps.

    Returns:
        The dimensions.
    """
    return [0, *range(2, x.dim())]


def by_channel(values: Tensor, x: Tensor) -> Tensor:
    """Lays out one number for each channel so that it multiplies maps.

    Args:
        values: The numbers, `[C]`.
        x: The maps, `[b, C, ...]`.

    Returns:
        The same numbers, `[C, 1, ...]`.
    """
    return values.reshape(-1, *(1,) * (x.dim() - 2))


class Normalized(Written):
    """A batch brought to mean 0 and variance 1 in each channel, then to `beta` and `gamma`; with its gradients."""

    @staticmethod
    def forward(x: Tensor, gamma: Tensor, beta: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor]:
        """Gives y, and the mean and the biased variance of the batch."""
        over = over_channels(x)
        mean = x.mean(over)
        centered = x - by_channel(mean, x)
        variance = centered.square().mean(over)
        y = centered * by_channel(gamma / torch.sqrt(variance + eps), x) + by_channel(beta, x)
        return y, mean, variance

    @staticmethod
    def setup_context(context: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        """Keeps x and not x_hat, so that gradients of gradients find all that depends on x."""
        x, gamma, _, context.eps = inputs
        context.save_for_backward(x, gamma)
        context.mark_non_differentiable(*output[1:])

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Gives the gradients by the formulas above, in operations that have gradients themselves."""
        (x, gamma), g = context.saved_tensors, gradients[0]
        over = over_channels(x)
        centered = x - x.mean(over, keepdim=True)
        deviation = torch.sqrt(centered.square().mean(over, keepdim=True) + context.eps)
        x_hat = centered / deviation
        straight = g - g.mean(over, keepdim=True) - x_hat * (g * x_hat).mean(over, keepdim=True)
        return by_channel(gamma, x) / deviation * straight, (g * x_hat).sum(over), g.sum(over), None


class BatchNorm(nn.Module):
    """Normalizes every channel of `[b, C]` or `[b, C, ...]`; its state dict goes to PyTorch's layers and back.

    Args:
        channels: The number C of channels.
        eps: What is added to the variance, so that a channel without any is not divided by zero.
        momentum: The weight of a batch in the running averages, in [0, 1]; None for the plain mean over all batches.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int, eps: float = 1e-5, momentum: float | None = 0.1) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, x: Tensor) -> Tensor:
        """Normalizes by the batch in training, and by the running averages otherwise.

        Args:
            x: Units, `[b, C]`, or maps, `[b, C, ...]`.

        Returns:
            The same shape.

        Raises:
            RavineError: The channels are not those expected, or in training there is one value in each.
        """
        channels = len(self.weight)
        if x.dim() < 2 or x.shape[1] != channels:
            raise RavineError(f"BatchNorm({channels}) takes [b, {channels}, ...], got the shape {list(x.shape)}.")
        if not self.training:
            scale = self.weight / torch.sqrt(self.running_var + self.eps)
            return (x - by_channel(self.running_mean, x)) * by_channel(scale, x) + by_channel(self.bias, x)
        n = x.numel() // channels
        if n < 2:
            raise RavineError(
                f"BatchNorm({channels}) got a batch of shape {list(x.shape)} in training: one value in a channel "
                "has no variance. Take at least 2 examples, or model.eval()."
            )
        y, mean, variance = Normalized.of(x, self.weight, self.bias, self.eps)
        self._remember(mean, variance * n / (n - 1))
        return y

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        batches = self.get_buffer("num_batches_tracked").add_(1)
        share = 1 / float(batches) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance, share)

    def extra_repr(self) -> str:
        """Says what was chosen, for the network's text."""
        return f"{len(self.weight)}, eps={self.eps}, momentum={self.momentum}"
