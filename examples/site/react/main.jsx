import { EnckeConversation } from '@encke/react';
import { useState } from 'react';
import { createRoot } from 'react-dom/client';

async function getToken() {
  const answer = await fetch('/encke-token');
  return answer.json();
}

function Order() {
  const [unread, setUnread] = useState(0);
  const [shown, setShown] = useState(true);
  return (
    <>
      <h1>Order 4711 ({unread} unread)</h1>
      <button onClick={() => setShown(!shown)}>{shown ? 'Hide' : 'Show'}</button>
      {shown && (
        <EnckeConversation
          server="http://localhost:8080"
          conversation="c1"
          getToken={() => getToken()}
          onUnread={(told) => setUnread(told.unread)}
        />
      )}
    </>
  );
}

createRoot(document.getElementById('app')).render(<Order />);
