import { EnckeConversation } from '@encke/vue';
import { createApp, h, ref } from 'vue';

async function getToken() {
  const answer = await fetch('/encke-token');
  return answer.json();
}

// Written with `h`, so that the example needs no plugin. In a template it reads
// <EnckeConversation server="…" conversation="c1" :get-token="getToken" @unread="…" />.
createApp({
  setup() {
    const unread = ref(0);
    const shown = ref(true);
    return () => [
      h('h1', `Order 4711 (${unread.value} unread)`),
      h('button', { onClick: () => (shown.value = !shown.value) }, shown.value ? 'Hide' : 'Show'),
      shown.value
        ? h(EnckeConversation, {
            server: 'http://localhost:8080',
            conversation: 'c1',
            getToken: () => getToken(),
            onUnread: (told) => (unread.value = told.unread),
          })
        : null,
    ];
  },
}).mount('#app');
