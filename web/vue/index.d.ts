import type { EnckeEvents, GetToken } from '@encke/components';
import type { DefineComponent } from 'vue';

interface CommonProps {
  /** The address of the server. */
  server?: string | undefined;
  language?: 'en' | 'zh-CN' | undefined;
  theme?: 'light' | 'dark' | undefined;
  onUnread?: ((detail: EnckeEvents['encke-unread']) => void) | undefined;
}

interface SignedInProps extends CommonProps {
  conversation?: string | undefined;
  /** The address of the site that answers with a token. */
  tokenUrl?: string | undefined;
  /** A function that answers with a token, in place of `token-url`. */
  getToken?: GetToken | undefined;
  onReady?: ((detail: EnckeEvents['encke-ready']) => void) | undefined;
  onMessage?: ((detail: EnckeEvents['encke-message']) => void) | undefined;
  onSignedOut?: ((detail: EnckeEvents['encke-signed-out']) => void) | undefined;
  onError?: ((detail: EnckeEvents['encke-error']) => void) | undefined;
}

export interface EnckeConversationProps extends SignedInProps {
  conversation: string;
}

export interface EnckeChatProps extends SignedInProps {
  onSelect?: ((detail: EnckeEvents['encke-select']) => void) | undefined;
}

export interface EnckeDeskProps extends CommonProps {
  /** The key of the desk. */
  desk: string;
  identity?: string | undefined;
}

export declare const EnckeConversation: DefineComponent<EnckeConversationProps>;
export declare const EnckeChat: DefineComponent<EnckeChatProps>;
export declare const EnckeDesk: DefineComponent<EnckeDeskProps>;
