$('#open').on('click', function () {
  const conversation = $('<encke-conversation>', { conversation: 'c1' });
  // Not by .prop(), which would call the function and keep what it answers.
  conversation[0].getToken = () => $.getJSON('/encke-token');
  conversation.on('encke-unread', ({ originalEvent }) => $('#unread').text(`${originalEvent.detail.unread} unread`));
  $('#place').append(conversation);
  $(this).remove();
});
