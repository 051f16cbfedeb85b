import type {
  EnckeChat as ChatElement,
  EnckeConversation as ConversationElement,
  EnckeDesk as DeskElement,
  EnckeEvents,
  GetToken,
} from '@encke/components';
import type { CSSProperties, ForwardRefExoticComponent, ReactNode, RefAttributes } from 'react';

type Heard<Name extends keyof EnckeEvents> = (
  detail: EnckeEvents[Name],
  event: CustomEvent<EnckeEvents[Name]>,
) => void;

interface CommonProps {
  /** The address of the server. */
  server?: string | undefined;
  language?: 'en' | 'zh-CN' | undefined;
  theme?: 'light' | 'dark' | undefined;
  className?: string | undefined;
  style?: CSSProperties | undefined;
  id?: string | undefined;
  /** For the slots `header`, `footer` and `notice`. */
  children?: ReactNode;
  onUnread?: Heard<'encke-unread'> | undefined;
}

interface SignedInProps extends CommonProps {
  conversation?: string | undefined;
  /** The address of the site that answers with a token. */
  tokenUrl?: string | undefined;
  /** A function that answers with a token, in place of `tokenUrl`. It may be another one each time. */
  getToken?: GetToken | undefined;
  onReady?: Heard<'encke-ready'> | undefined;
  onMessage?: Heard<'encke-message'> | undefined;
  onSignedOut?: Heard<'encke-signed-out'> | undefined;
  onError?: Heard<'encke-error'> | undefined;
}

export interface EnckeConversationProps extends SignedInProps {
  conversation: string;
}

export interface EnckeChatProps extends SignedInProps {
  onSelect?: Heard<'encke-select'> | undefined;
}

export interface EnckeDeskProps extends CommonProps {
  /** The key of the desk. */
  desk: string;
  identity?: string | undefined;
}

type Component<Props, Element> = ForwardRefExoticComponent<Props & RefAttributes<Element>>;

export declare const EnckeConversation: Component<EnckeConversationProps, ConversationElement>;
export declare const EnckeChat: Component<EnckeChatProps, ChatElement>;
export declare const EnckeDesk: Component<EnckeDeskProps, DeskElement>;
