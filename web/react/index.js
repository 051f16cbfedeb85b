/*
 * The elements of @encke/components as React components. Attributes go to the element as they are; functions, and what an event
 * brings, go by properties and listeners, which works in every version of React and while a page is made on a server.
 */
import { createElement, forwardRef, useCallback, useEffect, useRef } from 'react';
import '@encke/components';

/** The properties of a component that are listeners, and the event of each. */
const events = {
  onReady: 'encke-ready',
  onMessage: 'encke-message',
  onUnread: 'encke-unread',
  onSelect: 'encke-select',
  onSignedOut: 'encke-signed-out',
  onError: 'encke-error',
};

/** The attributes that React would write otherwise. */
const attributes = { tokenUrl: 'token-url', className: 'class' };

/** Gives a value to a reference, whichever kind it is. */
function give(reference, value) {
  if (typeof reference === 'function') reference(value);
  else if (reference) reference.current = value;
}

function wrapped(tag, displayName) {
  const Component = forwardRef(function (props, outer) {
    const inner = useRef(null);
    const latest = useRef(props);
    latest.current = props;
    const asks = typeof props.getToken === 'function';
    const { current: stable } = useRef(() => latest.current.getToken());
    // The element asks for tokens anew when its function is another one. Here it is always the same, and calls the newest.
    const taken = useCallback(
      (element) => {
        inner.current = element;
        if (element) element.getToken = asks ? stable : null;
        give(outer, element);
      },
      [outer, asks],
    );
    useEffect(() => {
      const element = inner.current;
      const listeners = Object.entries(events).map(([prop, name]) => [
        name,
        (event) => latest.current[prop]?.(event.detail, event),
      ]);
      for (const [name, listener] of listeners) element.addEventListener(name, listener);
      return () => {
        for (const [name, listener] of listeners) element.removeEventListener(name, listener);
      };
    }, []);
    const given = { ref: taken };
    for (const [name, value] of Object.entries(props))
      if (value !== undefined && name !== 'getToken' && !(name in events))
        given[attributes[name] ?? name] = value;
    return createElement(tag, given);
  });
  Component.displayName = displayName;
  return Component;
}

export const EnckeConversation = wrapped('encke-conversation', 'EnckeConversation');
export const EnckeChat = wrapped('encke-chat', 'EnckeChat');
export const EnckeDesk = wrapped('encke-desk', 'EnckeDesk');
