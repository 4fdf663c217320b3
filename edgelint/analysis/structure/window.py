"""The window of a plain convolution over an image, and the channels it goes over."""

from __future__ import annotations

from edgelint.analysis.cost.macs import channel_axis, operands
from edgelint.analysis.cost.site import Site, Uncounted
from edgelint.deferred import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """height, width: taps. into, out: channels that are read and made."""

    height: int
    width: int
    into: int
    out: int

    @property
    def weights(self) -> int:
        """Numbers of the kernel."""
        return self.height * self.width * self.into * self.out

    @property
    def stack(self) -> tuple[int, int]:
        """How many 3×3 layers see as much, and how many weights they have together."""
        layers = (max(self.height, self.width) - 1) // 2
        return layers, 9 * (self.into * self.out + max(layers - 1, 0) * self.out * self.out)


def window(site: Site) -> Window | None:
    """The window of an ungrouped convolution of two dims with known sizes; None for any other."""
    kernel = site.attributes.get("kernel_shape")
    if site.attributes.get("group", 1) != 1 or not isinstance(kernel, (list, tuple)) or len(kernel) != 2:
        return None
    height, width = kernel
    if not isinstance(height, int) or not isinstance(width, int) or height < 1 or width < 1:
        return None
    try:
        shape = site.out()
        out = shape[channel_axis(site, len(shape))]
        elements = site.elements(operands(site).weights[0])
    except (Uncounted, IndexError):
        return None
    if not isinstance(out, int) or not isinstance(elements, int) or out < 1:
        return None
    return Window(height, width, elements // (out * height * width), out)
