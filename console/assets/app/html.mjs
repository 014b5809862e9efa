// The view library in one place: templates, hooks and signals.
// @ts-check
import { h } from 'preact';
import htm from 'htm';

export const html = htm.bind(h);
export { render, Fragment } from 'preact';
export { useEffect, useLayoutEffect, useMemo, useRef, useState, useCallback } from 'preact/hooks';
export { signal, computed, effect, batch } from '@preact/signals';
