// Live data: what is shown is read again while it is seen, and at once when something has changed.
// @ts-check
import { signal, computed } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { changes, outage, Unreachable } from './api.mjs';

/** How the present view learns of changes. @type {import('@preact/signals').Signal<'stream' | 'every' | 'still'>} */
export const channel = signal('still');
/** Whether the reader has stopped it. */
export const paused = signal(false);
/** What the badge says. */
export const badge = computed(() => {
  if (outage.value) return 'reconnecting';
  if (paused.value) return 'paused';
  return channel.value === 'stream' ? 'live' : channel.value === 'every' ? 'every 5 s' : 'live';
});

/** Whether text is selected: nothing moves under it. */
const isSelecting = () => String(getSelection() ?? '').length > 0;

/**
 * Loads something, and again while it is seen.
 * @template T
 * @param {string | null} key another key is another thing; null loads nothing
 * @param {(stop: AbortSignal) => Promise<T>} load
 * @param {{ every?: number }} [options] milliseconds between; 0 for once
 */
export function useResource(key, load, { every = 5000 } = {}) {
  /** @type {[{ key: string | null, data?: T, error?: any, at?: number }, Function]} */
  const [state, set] = useState({ key: null });
  const last = useRef(load);
  last.current = load;
  const again = useRef(() => {});
  useEffect(() => {
    if (key === null) return undefined;
    let stopped = false;
    let timer = 0;
    let shown = '';
    let running = false;
    let tried = false;
    let wanted = false;
    const stop = new AbortController();
    const run = async () => {
      if (running) {
        wanted = true;
        return;
      }
      running = true;
      clearTimeout(timer);
      try {
        const data = await last.current(stop.signal);
        const text = JSON.stringify(data);
        // What has not changed is not drawn again.
        if (!stopped && text !== shown) {
          shown = text;
          set({ key, data, at: Date.now() });
        } else if (!stopped) set((/** @type {any} */ before) => (before.error ? { ...before, error: undefined } : before));
      } catch (error) {
        // An outage has its own notice; what was stays.
        if (!stopped && !(error instanceof Unreachable))
          set((/** @type {any} */ before) => ({ key, data: before.key === key ? before.data : undefined, error }));
      }
      running = false;
      tried = true;
      if (stopped) return;
      if (wanted) {
        wanted = false;
        run();
      } else if (every) timer = setTimeout(tick, every);
    };
    const tick = () => {
      if (document.hidden || paused.value || outage.value || isSelecting()) timer = setTimeout(tick, Math.min(every, 1000));
      else run();
    };
    again.current = run;
    run();
    const off = changes.subscribe(() => {
      if (!stopped && tried) run();
    });
    return () => {
      stopped = true;
      clearTimeout(timer);
      stop.abort();
      off();
    };
  }, [key, every]);
  const isOurs = state.key === key;
  return {
    data: isOurs ? state.data : undefined,
    error: isOurs ? state.error : undefined,
    at: state.at,
    loading: key !== null && (!isOurs || (state.data === undefined && !state.error)),
    reload: () => again.current(),
  };
}

/**
 * Follows a stream of server-sent events while the page is seen; `onChange` is called at most every `pause` ms.
 * @param {string | null} url
 * @param {string[]} names the events that are changes
 * @param {() => void} onChange
 * @param {number} [pause]
 */
export function useStream(url, names, onChange, pause = 250) {
  const call = useRef(onChange);
  call.current = onChange;
  useEffect(() => {
    if (!url) return undefined;
    /** @type {EventSource | null} */
    let source = null;
    let timer = 0;
    let last = 0;
    let ended = false;
    let first = true;
    const soon = () => {
      if (timer) return;
      timer = setTimeout(
        () => {
          timer = 0;
          last = Date.now();
          if (!paused.value) call.current();
        },
        Math.max(0, pause - (Date.now() - last)),
      );
    };
    const close = () => {
      source?.close();
      source = null;
    };
    const open = () => {
      if (source || ended || document.hidden) return;
      source = new EventSource(url);
      for (const name of names)
        source.addEventListener(name, () => {
          if (name === 'snapshot' && first) first = false;
          else soon();
        });
      source.addEventListener('open', () => {
        channel.value = 'stream';
      });
      source.addEventListener('end', () => {
        ended = true;
        close();
        soon();
        channel.value = 'every';
      });
      source.addEventListener('error', () => {
        if (source?.readyState === EventSource.CLOSED) {
          close();
          channel.value = 'every';
        }
      });
    };
    const seen = () => {
      if (document.hidden) close();
      else {
        open();
        soon();
      }
    };
    open();
    document.addEventListener('visibilitychange', seen);
    const off = outage.subscribe((now) => {
      if (!now && !source) open();
    });
    return () => {
      close();
      clearTimeout(timer);
      off();
      document.removeEventListener('visibilitychange', seen);
      channel.value = 'every';
    };
  }, [url]);
}
