// How far a list is scrolled, for lists that draw only what is seen.
// @ts-check
import { useEffect, useState } from 'preact/hooks';

export { windowOf } from './window.mjs';

/** Follows how far an element is scrolled. @param {{ current: HTMLElement | null }} box @param {any} [dependency] */
export function useScroll(box, dependency) {
  const [at, set] = useState({ top: 0, height: 800 });
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    let frame = 0;
    const read = () => {
      frame = 0;
      set((before) =>
        Math.abs(before.top - element.scrollTop) < 1 && before.height === element.clientHeight
          ? before
          : { top: element.scrollTop, height: element.clientHeight },
      );
    };
    const soon = () => {
      frame ||= requestAnimationFrame(read);
    };
    read();
    element.addEventListener('scroll', soon, { passive: true });
    const size = new ResizeObserver(soon);
    size.observe(element);
    return () => {
      element.removeEventListener('scroll', soon);
      size.disconnect();
      cancelAnimationFrame(frame);
    };
  }, [dependency]);
  return at;
}
