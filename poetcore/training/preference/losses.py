"""What a preference costs, from log-likelihoods of whole poems.

All log-likelihoods are in nats a token: a 律詩 must not count for more than a 絕句 because it is twice as long.
"""

import torch
from torch import Tensor


def kto_loss(log_ratios: Tensor, liked: Tensor, weights: Tensor, beta: float) -> Tensor:
    """KTO (Ethayarajh et al. 2024, arXiv 2402.01306, equation 8), λ being the weights: a scalar.

    `log_ratios` [B]: ln π(poem) − ln π_reference(poem), nats a token; `liked` [B] bool; `weights` [B], of mean 1 over
    all ratings.

    A poem is worth σ(β(r − z)) if it is liked and σ(β(z − r)) if it is not, and costs what is missing to 1. The point
    of reference z is how far the policy has moved from the reference as a whole, KL(π ‖ π_reference). The paper
    estimates it from mismatched pairs of request and answer. Here nearly all requests are the same, "a poem", and any
    poem of the batch is an answer to any of them: z is the mean of r, not below 0, and has no gradient.
    """
    reference_point = log_ratios.detach().mean().clamp(min=0)
    gain = log_ratios - reference_point
    value = torch.sigmoid(beta * torch.where(liked, gain, -gain))
    return (weights * (1 - value)).mean()


def weighted_loss(log_likelihoods: Tensor, liked: Tensor, weights: Tensor, temperature: float) -> Tensor:
    """Reward-weighted likelihood (Peters and Schaal 2007), the reward being 1 or −1: a scalar in nats a token.

    `log_likelihoods` [B]: nats a token. A poem counts exp(reward / temperature), scaled so that a liked and a disliked
    one together count 2.
    """
    rewards = torch.where(liked, 1.0, -1.0) / temperature
    # exp(r) / (exp(r) + exp(-r)) · 2, which does not overflow at small temperatures.
    return -(weights * 2 * torch.sigmoid(2 * rewards) * log_likelihoods).mean()
