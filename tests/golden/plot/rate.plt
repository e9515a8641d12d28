reset
set encoding utf8
set terminal pngcairo noenhanced size 300,300 font 'Sans,10' background rgb 'white'
set output 'chart.png'
set multiplot
unset key
unset colorbox
set border 3 lc rgb '#808080'
set tics nomirror out scale 0.5 font ',9' tc rgb '#333333'
set grid xtics ytics front lt 1 lw 0.5 lc rgb '#b0808080'
set lmargin at screen 0.26667
set rmargin at screen 0.92000
set tmargin at screen 0.75667
set bmargin at screen 0.66167
set label "rate.pmt: bl…ated and freed a second" at screen 0.26667,0.94000 left font ':Bold,13'
set label "pid 41: pyth…ode alloc\073 nothing lost" at screen 0.26667,0.87000 left font ',9' tc rgb '#555555'
set object rect from screen 0.26667,0.28083 to screen 0.30667,0.28917 front fs solid noborder fc rgb '#332288'
set label "495" at screen 0.52033,0.28500 right font ',9' tc rgb '#555555'
set label "block…allocated" at screen 0.54033,0.28500 left font ',9'
set object rect from screen 0.26667,0.22417 to screen 0.30667,0.23250 front fs solid noborder fc rgb '#999933'
set label "341" at screen 0.52033,0.22833 right font ',9' tc rgb '#555555'
set label "block…ownwards)" at screen 0.54033,0.22833 left font ',9'
set object rect from screen 0.26667,0.16750 to screen 0.30667,0.17583 front fs solid noborder fc rgb '#332288'
set label "8.36 MiB" at screen 0.52033,0.17167 right font ',9' tc rgb '#555555'
set label "bytes allocated" at screen 0.54033,0.17167 left font ',9'
set object rect from screen 0.26667,0.11083 to screen 0.30667,0.11917 front fs solid noborder fc rgb '#999933'
set label "7.27 MiB" at screen 0.52033,0.11500 right font ',9' tc rgb '#555555'
set label "bytes…ownwards)" at screen 0.54033,0.11500 left font ',9'
set label "line: the me…and most in any 2.10 ms" at screen 0.26667,0.04000 left font ',8' tc rgb '#555555'
unset logscale x
set xrange [0:10.000000001]
set xtics autofreq
unset xlabel
set format x ''
set ylabel "/s" font ',9'
set yrange [-500.679:500.679]
set ytics 500
set arrow from first 2.5, graph 0 to first 2.5, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
set label "warm" at screen 0.43000,0.80167 left font ',9' tc rgb '#555555'
set arrow from first 7, graph 0 to first 7, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
set label "reload" at screen 0.72400,0.80167 left font ',9' tc rgb '#555555'
plot 'chart.dat' index 0 using 1:3:4 with filledcurves fs transparent solid 0.25 noborder lc rgb '#332288', \
     'chart.dat' index 0 using 1:2 with lines lw 1.5 lc rgb '#332288', \
     'chart.dat' index 0 using 1:6:7 with filledcurves fs transparent solid 0.25 noborder lc rgb '#999933', \
     'chart.dat' index 0 using 1:5 with lines lw 1.5 lc rgb '#999933'
unset arrow
unset label
unset object
set lmargin at screen 0.26667
set rmargin at screen 0.92000
set tmargin at screen 0.57500
set bmargin at screen 0.48000
unset logscale x
set xrange [0:10.000000001]
set xtics autofreq
set xlabel 'seconds since recording began' offset 0,0.3
set format x '%g'
set ylabel "MiB/s" font ',9'
set yrange [-61.11804:61.11804]
set ytics 100
set arrow from first 2.5, graph 0 to first 2.5, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
set arrow from first 7, graph 0 to first 7, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
plot 'chart.dat' index 1 using 1:3:4 with filledcurves fs transparent solid 0.25 noborder lc rgb '#332288', \
     'chart.dat' index 1 using 1:2 with lines lw 1.5 lc rgb '#332288', \
     'chart.dat' index 1 using 1:6:7 with filledcurves fs transparent solid 0.25 noborder lc rgb '#999933', \
     'chart.dat' index 1 using 1:5 with lines lw 1.5 lc rgb '#999933'
unset arrow
unset label
unset object
unset multiplot
