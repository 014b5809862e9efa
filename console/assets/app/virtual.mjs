// Which rows of a long list are seen: pure arithmetic, and a hook around it.
// @ts-check
import { useEffect, useState } from 'preact/hooks';

/**
 * The rows to draw, with some around them.
 * @param {{ count: number, row: number, top: number, height: number, around?: number }} list
 */
export function windowOf({ count, row, top, height, around = 12 }) {
  const first = Math.max(0, Math.min(count, Math.floor(top / row) - around));
  const last = Math.min(count, Math.ceil((top + height) / row) + around);
  return { first, last: Math.max(first, last), before: first * row, after: Math.max(0, (count - Math.max(first, last)) * row) };
}

/** Follows how far an element is scrolled. @param {{ current: HTMLElement | null }} box @param {any} [dependency] */
export function useScroll(box, dependency) {
  const [at, set] = useState({ top: 0, height: 800 });
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    let frame = 0;
    const read = () => {
      frame = 0;
      set((before) => (Math.abs(before.top - element.scrollTop) < 1 && before.height === element.clientHeight ? before : { top: element.scrollTop, height: element.clientHeight }));
    };
    const soon = () => { frame ||= requestAnimationFrame(read); };
    read();
    element.addEventListener('scroll', soon, { passive: true });
    const size = new ResizeObserver(soon);
    size.observe(element);
    return () => { element.removeEventListener('scroll', soon); size.disconnect(); cancelAnimationFrame(frame); };
  }, [dependency]);
  return at;
}
