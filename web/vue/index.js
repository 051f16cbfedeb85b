/* The elements of @encke/components as Vue components. Their events come without `encke-`: `@unread`, `@select`. */
import { defineComponent, h, onBeforeUnmount, onMounted, ref } from 'vue';
import '@encke/components';

const common = ['ready', 'message', 'unread', 'signed-out', 'error'];

function wrapped(tag, name, props, emits) {
  return defineComponent({
    name,
    props: { ...props, server: String, language: String, theme: String },
    emits,
    setup(given, { emit, slots, expose }) {
      const element = ref(null);
      const ends = [];
      // The element asks for tokens anew when its function is another one. This one is always the same, and calls the newest.
      const getToken = () => given.getToken();
      onMounted(() => {
        for (const each of emits) {
          const heard = (event) => emit(each, event.detail, event);
          element.value.addEventListener(`encke-${each}`, heard);
          ends.push(() => element.value?.removeEventListener(`encke-${each}`, heard));
        }
      });
      onBeforeUnmount(() => ends.forEach((end) => end()));
      expose({ element });
      return () => {
        const attributes = { ref: element };
        // With `.` it is a property, with `^` an attribute, whatever the element has.
        if (given.getToken) attributes['.getToken'] = getToken;
        for (const [key, value] of Object.entries(given))
          if (key !== 'getToken' && value !== undefined) attributes[`^${hyphened(key)}`] = value;
        return h(tag, attributes, slots.default?.());
      };
    },
  });
}

function hyphened(name) {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

const signedIn = { conversation: String, tokenUrl: String, getToken: Function };

export const EnckeConversation = wrapped('encke-conversation', 'EnckeConversation', signedIn, common);
export const EnckeChat = wrapped('encke-chat', 'EnckeChat', signedIn, [...common, 'select']);
export const EnckeDesk = wrapped('encke-desk', 'EnckeDesk', { desk: String, identity: String }, ['unread']);
