<!doctype html>
<meta charset="utf-8" />
<link rel="icon" href="data:," />
<title>Room</title>
<script src="/jquery.js"></script>
<ul id="log"></ul>
<input id="text" /><button id="send">Send</button>
<script>
  var last = 0;

  function ask() {
    $.post('/message.php', { lastid: last }, function (xml) {
      $(xml)
        .find('message')
        .each(function () {
          last = $(this).find('id').text();
          $('<li>')
            .text($(this).find('user').text() + ': ' + $(this).find('msg').text())
            .appendTo('#log');
        });
      setTimeout(ask, 1000);
    });
  }
  $('#send').click(function () {
    $.post('/add.php', { message: $('#text').val() }, function () {
      $('#text').val('');
    });
  });
  ask();
</script>
