"""What a recipe adds to a network that somebody else wrote: each such part says where it goes and what it is."""

from torch import nn

from ..part import Part


class Layer(Part):
    """Adds layers to a network without editing its code (abstract).

    A part of one's own derives from it and says in `insert` what becomes of the network.
    """

    def insert(self, model: nn.Module) -> nn.Module:
        """Adds the layers.

        Args:
            model: The network, fresh from its factory; it is changed in place.

        Returns:
            The network to train.

        Raises:
            RavineError: There is no place in the network that the part fits.
        """
        raise NotImplementedError

    def at_epoch(self, model: nn.Module, epoch: int, epochs: int) -> None:
        """Is called before every epoch, for what changes as training goes on; nothing does by default.

        What it does may depend on its arguments alone, so that a run that is taken up again goes the same way.

        Args:
            model: The network that `insert` gave.
            epoch: The epoch that begins, from 0.
            epochs: How many there are.
        """
