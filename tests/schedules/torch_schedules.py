"""PyTorch's own walk through a schedule, to compare with."""

import torch


def lr_of_torch(make, lr: float, T: int, read=lambda group: group["lr"], **options) -> list[float]:
    """What `read` finds in the parameter group at each of T steps, with the schedule that `make` puts on it."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr, **options)
    schedule = make(optimizer)
    numbers = []
    for _ in range(T):
        numbers.append(read(optimizer.param_groups[0]))
        optimizer.step()
        if len(numbers) < T:
            schedule.step()
    return numbers
