#!/usr/bin/env perl
# A network cable of a given length: two ethernet interfaces, every frame that enters one leaves the other later.
#
#   delay-line.pl FIRST SECOND MILLISECONDS
#
# Not every kernel has tc's netem. The interfaces exist as long as this process.
use strict;
use warnings;
use Time::HiRes qw(time);

use constant TUNSETIFF     => 0x400454ca;
use constant TAP_NO_HEADER => 0x1002;
use constant LARGEST_FRAME => 65_536;

my ($first, $second, $milliseconds) = @ARGV;
my $delay = $milliseconds / 1000;

sub open_end {
  my ($name) = @_;
  open my $end, '+<', '/dev/net/tun' or die "cannot open /dev/net/tun: $!\n";
  ioctl $end, TUNSETIFF, pack('Z16 s x22', $name, TAP_NO_HEADER) or die "cannot make $name: $!\n";
  return $end;
}

my @ends = (open_end($first), open_end($second));
my @queues = ([], []);    # frames under way to each end: [when they arrive, bytes]

sub accept_frame {
  my ($from, $to) = @_;
  sysread $ends[$from], my $frame, LARGEST_FRAME or return;
  push @{$queues[$to]}, [time + $delay, $frame];
}

sub deliver_due {
  my ($to) = @_;
  my $queue = $queues[$to];
  # A frame that its end refuses (it is down) is lost, as on any cable.
  syswrite $ends[$to], (shift @$queue)->[1] while @$queue && $queue->[0][0] <= time;
}

sub until_next {
  my @due = sort { $a <=> $b } map { $_->[0][0] } grep { @$_ } @queues;
  return undef unless @due;
  my $wait = $due[0] - time;
  return $wait > 0 ? $wait : 0;
}

$| = 1;
print "ready\n";
while (1) {
  my $readable = '';
  vec($readable, fileno $_, 1) = 1 for @ends;
  my $count = select $readable, undef, undef, until_next();
  next if $count < 0;
  accept_frame($_, 1 - $_) for grep { $count && vec $readable, fileno $ends[$_], 1 } 0, 1;
  deliver_due($_) for 0, 1;
}
